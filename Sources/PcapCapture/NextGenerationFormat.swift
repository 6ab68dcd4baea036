// SPDX-License-Identifier: Apache-2.0

import Capture
import Packets
import System

/// The pcapng format: blocks, each with its length before and behind it (draft-ietf-opsawg-pcapng).
struct NextGenerationFormat: Sendable {
  static let sectionHeader: UInt32 = 0x0a0d_0d0a

  /// The byte order of a section as it stands in a big-endian file.
  private static let byteOrder: UInt32 = 0x1a2b_3c4d

  /// A section header that is longer than this is looked at only when it is read.
  private static let longestHeader = 64 << 10

  /// The types of blocks that are read (section 11.1).
  private enum Block {
    static var interface: UInt32 { 1 }
    /// The obsolete packet block.
    static var packet: UInt32 { 2 }
    static var simplePacket: UInt32 { 3 }
    static var enhancedPacket: UInt32 { 6 }
    static var decryptionSecrets: UInt32 { 10 }
  }

  /// The type of secrets that are a key log of TLS: "TLSK" (section 4.7).
  private static let keyLog: UInt32 = 0x544c_534b

  /// The options of an interface that are read (section 4.2).
  private enum Option {
    static var end: UInt16 { 0 }
    static var resolution: UInt16 { 9 }
    static var offset: UInt16 { 14 }
  }

  private struct Interface: Sendable {
    var link: LinkLayer?
    var snapLength: Int
    /// Time units a second.
    var resolution: UInt64 = 1_000_000
    /// Seconds to add to every time.
    var offset: Int64 = 0
  }

  /// The section that is being read, counted from 1.
  private(set) var section = 0
  /// Whether the section's packets have marks: it is a recording, of a depth that is known.
  private var isRecording = false
  /// Little-endian section.
  private var isLittle = true
  private var interfaces: [Interface] = []

  init(isLittle: Bool = true) { self.isLittle = isLittle }

  mutating func next(_ file: CaptureFile, _ body: (FilePacket, RawSpan) -> Void) throws(CaptureError) -> Bool
  {
    let input = file.input
    while true {
      let available = input.available(12)
      if available < 12 {
        if available == 0, input.fault == nil { return false }
        throw file.broken("it ends inside a block's header")
      }
      let head = input.bytes(12)
      if head.big32(0) == Self.sectionHeader {
        let order = head.big32(8)
        guard order == Self.byteOrder || order == Self.byteOrder.byteSwapped else {
          throw file.broken("a section header has no byte order")
        }
        isLittle = order == Self.byteOrder.byteSwapped
        interfaces = []
        isRecording = false
        section += 1
      }
      let type = number(head, 0), length = Int(number(head, 4))
      guard length >= 12, length % 4 == 0, length <= CaptureFile.longest else {
        throw file.broken("a block says it has \(length) bytes")
      }
      guard input.available(length) >= length else { throw file.broken("it ends inside a block") }
      let block = input.bytes(length)
      guard Int(number(block, length - 4)) == length else {
        throw file.broken("a block's two lengths differ")
      }
      let isPacket = try read(type, block.slice(8, length - 4), file, body)
      input.consume(length)
      if isPacket {
        file.packets += 1
        return true
      }
    }
  }

  /// Reads a block's body; true when it held a packet.
  private mutating func read(
    _ type: UInt32, _ block: RawSpan, _ file: CaptureFile, _ body: (FilePacket, RawSpan) -> Void
  ) throws(CaptureError) -> Bool {
    switch type {
    case Self.sectionHeader:
      isRecording = depth(of: block) != nil
    case Block.interface:
      guard block.byteCount >= 8 else { throw file.broken("an interface block is too short") }
      describe(block)
    case Block.enhancedPacket:
      guard block.byteCount >= 20 else { throw file.broken("a packet block is too short") }
      return try packet(
        block, header: 20, interface: Int(number(block, 0)),
        time: UInt64(number(block, 4)) << 32 | UInt64(number(block, 8)), captured: Int(number(block, 12)),
        length: Int(number(block, 16)), file, body)
    case Block.simplePacket:
      guard block.byteCount >= 4 else { throw file.broken("a packet block is too short") }
      let length = Int(number(block, 0))
      let limit = interfaces.first.map { $0.snapLength > 0 ? $0.snapLength : .max } ?? .max
      return try packet(
        block, header: 4, interface: 0, time: nil, captured: min(length, limit, block.byteCount - 4),
        length: length, file, body)
    case Block.packet:
      guard block.byteCount >= 20 else { throw file.broken("a packet block is too short") }
      return try packet(
        block, header: 20, interface: Int(short(block, 0)),
        time: UInt64(number(block, 4)) << 32 | UInt64(number(block, 8)), captured: Int(number(block, 12)),
        length: Int(number(block, 16)), file, body)
    case Block.decryptionSecrets:
      guard let take = file.secrets, block.byteCount >= 8, number(block, 0) == Self.keyLog else { break }
      let length = Int(number(block, 4))
      guard length <= block.byteCount - 8 else { throw file.broken("a block of secrets is too short") }
      take(block.slice(8, 8 + length))
    default: break
    }
    return false
  }

  private func packet(
    _ block: RawSpan, header: Int, interface index: Int, time: UInt64?, captured: Int, length: Int,
    _ file: CaptureFile, _ body: (FilePacket, RawSpan) -> Void
  ) throws(CaptureError) -> Bool {
    guard index < interfaces.count else {
      throw file.broken("packet \(file.packets + 1) is of interface \(index), which was not described")
    }
    guard captured >= 0, captured <= block.byteCount - header else {
      throw file.broken("packet \(file.packets + 1) says it has \(captured) bytes")
    }
    let interface = interfaces[index]
    guard let link = interface.link else {
      file.unreadable += 1
      return true
    }
    var packet = FilePacket(
      time: time.map { nanoseconds($0, interface) } ?? 0, wireLength: max(length, captured), link: link)
    if isRecording,
      let place = option(RecordingMark.packetOption, of: block, from: header + (captured + 3) & ~3)
    {
      packet.mark = RecordingMark(block.slice(place.lowerBound, place.upperBound), isLittle: isLittle)
    }
    body(packet, block.slice(header, header + captured))
    return true
  }

  /// Where the value of an option is in a block whose options begin at `start`; nil without it.
  private func option(_ wanted: UInt16, of block: RawSpan, from start: Int) -> Range<Int>? {
    var offset = start
    while block.byteCount >= offset + 4 {
      let code = short(block, offset), length = Int(short(block, offset + 2))
      guard code != Option.end, block.byteCount >= offset + 4 + length else { return nil }
      if code == wanted { return offset + 4..<offset + 4 + length }
      offset += 4 + (length + 3) & ~3
    }
    return nil
  }

  /// The depth in the section header that a file begins with; nil when it is no recording.
  static func recordedDepth(of input: FileInput) -> CaptureDepth? {
    guard input.available(12) >= 12 else { return nil }
    let order = input.bytes(12).big32(8)
    let format = NextGenerationFormat(isLittle: order == byteOrder.byteSwapped)
    let length = Int(format.number(input.bytes(12), 4))
    guard length >= 28, length <= longestHeader, input.available(length) >= length else { return nil }
    return format.depth(of: input.bytes(length).slice(8, length - 4))
  }

  /// The depth that a section header names, without the lengths around it; nil when it is no recording's.
  private func depth(of section: RawSpan) -> CaptureDepth? {
    guard let place = option(RecordingMark.sectionOption, of: section, from: 16) else { return nil }
    let value = section.slice(place.lowerBound, place.upperBound)
    return CaptureDepth.allCases.first { depth in
      let name = Array(depth.rawValue.utf8)
      return name.count == value.byteCount && name.indices.allSatisfy { name[$0] == value.byte($0) }
    }
  }

  /// An interface description: link type, snap length, and the options that say what times mean.
  private mutating func describe(_ block: RawSpan) {
    var interface = Interface(
      link: LinkLayer(linkType: UInt32(short(block, 0))), snapLength: Int(number(block, 4)))
    if let place = option(Option.resolution, of: block, from: 8), !place.isEmpty {
      interface.resolution = Self.resolution(block.byte(place.lowerBound))
    }
    if let place = option(Option.offset, of: block, from: 8), place.count >= 8 {
      let value = block.big64(place.lowerBound)
      interface.offset = Int64(bitPattern: isLittle ? value.byteSwapped : value)
    }
    interfaces.append(interface)
  }

  /// if_tsresol: a power of ten, or of two with the top bit set. Finer than we can tell is refused.
  private static func resolution(_ value: UInt8) -> UInt64 {
    let power = UInt64(value & 0x7f)
    if value & 0x80 != 0 { return power < 63 ? 1 << power : 1_000_000 }
    var units: UInt64 = 1
    for _ in 0..<min(power, 19) { units *= 10 }
    return units
  }

  private func nanoseconds(_ time: UInt64, _ interface: Interface) -> UInt64 {
    let seconds = time / interface.resolution, rest = time % interface.resolution
    let product = rest.multipliedFullWidth(by: 1_000_000_000)
    // rest < resolution, so the quotient is below 10^9.
    let fraction = interface.resolution.dividingFullWidth(product).quotient
    let whole = seconds &+ UInt64(bitPattern: interface.offset)
    return whole &* 1_000_000_000 &+ fraction
  }

  private func short(_ bytes: RawSpan, _ offset: Int) -> UInt16 {
    isLittle ? bytes.big16(offset).byteSwapped : bytes.big16(offset)
  }

  private func number(_ bytes: RawSpan, _ offset: Int) -> UInt32 {
    isLittle ? bytes.big32(offset).byteSwapped : bytes.big32(offset)
  }
}
