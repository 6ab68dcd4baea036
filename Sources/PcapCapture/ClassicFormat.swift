// SPDX-License-Identifier: Apache-2.0

import Capture
import Packets
import System

/// The pcap format: a header of 24 bytes, then packets with a header of 16 bytes each
/// (draft-ietf-opsawg-pcap).
struct ClassicFormat: Sendable {
  private let isSwapped: Bool
  /// Nanoseconds a unit of the second time field.
  private let unit: UInt64
  /// 16, or 24 in the variant of old Linux distributions.
  private let recordHeader: Int
  private let link: LinkLayer

  /// The numbers that files begin with.
  private enum Magic {
    /// pcap, by the unit of its times, in big-endian order.
    static var microseconds: UInt32 { 0xa1b2_c3d4 }
    static var nanoseconds: UInt32 { 0xa1b2_3c4d }
    /// The variant of old Linux distributions.
    static var modified: UInt32 { 0xa1b2_cd34 }
    /// LZ4's frames.
    static var lz4: UInt32 { 0x0422_4d18 }
  }

  init(_ header: RawSpan, name: String) throws(CaptureError) {
    let magic = header.big32(0)
    switch magic {
    case Magic.microseconds, Magic.nanoseconds, Magic.modified: isSwapped = false
    case Magic.microseconds.byteSwapped, Magic.nanoseconds.byteSwapped, Magic.modified.byteSwapped:
      isSwapped = true
    default: throw Self.unknown(magic, name)
    }
    let native = isSwapped ? magic.byteSwapped : magic
    unit = native == Magic.nanoseconds ? 1 : 1_000
    recordHeader = native == Magic.modified ? 24 : 16
    guard header.byteCount >= 24 else {
      throw CaptureError(.badData, "\(name) ends inside its header")
    }
    let major = isSwapped ? header.big16(4).byteSwapped : header.big16(4)
    guard major == 2 else {
      throw CaptureError(.badData, "\(name) has the unknown pcap version \(major)")
    }
    // The upper bits say how long a frame check sequence is.
    let network = (isSwapped ? header.big32(20).byteSwapped : header.big32(20)) & 0xffff
    guard let link = LinkLayer(linkType: network) else {
      throw CaptureError(
        .badData, "\(name) has packets of link type \(network), which cannot be read",
        hint: "Ethernet, loopback, raw IP, Linux cooked, PPP, HDLC, 802.11 and NFLOG can")
    }
    self.link = link
  }

  /// Hands up to `count` packets to `body`; false at the end of the file. All in one go: what is asked for
  /// again for each packet is counted for each.
  func next(
    _ count: Int, _ file: CaptureFile, _ body: (FilePacket, RawSpan) -> Void
  ) throws(CaptureError) -> Bool {
    let input = file.input
    for _ in 0..<count {
      guard try next(file, input, body) else { return false }
      // What a pipe has brought is handed on before more is waited for.
      if input.isDrained { break }
    }
    return true
  }

  @inline(__always)
  private func next(
    _ file: CaptureFile, _ input: FileInput, _ body: (FilePacket, RawSpan) -> Void
  ) throws(CaptureError) -> Bool {
    let available = input.available(recordHeader)
    if available < recordHeader {
      if available == 0, input.fault == nil { return false }
      throw file.broken("it ends inside a packet's header")
    }
    let header = input.bytes(recordHeader)
    let (seconds, fraction) = numbers(header, 0)
    let (captured, length) = numbers(header, 8)
    guard captured <= CaptureFile.longest else {
      throw file.broken("packet \(file.packets + 1) says it has \(captured) bytes")
    }
    guard input.available(recordHeader + captured) >= recordHeader + captured else {
      throw file.broken("it ends inside packet \(file.packets + 1)")
    }
    let packet = FilePacket(
      time: UInt64(seconds) &* 1_000_000_000 &+ UInt64(fraction) &* unit, wireLength: max(length, captured),
      link: link)
    body(packet, input.bytes(recordHeader + captured).slice(recordHeader, recordHeader + captured))
    file.packets += 1
    input.consume(recordHeader + captured)
    return true
  }

  /// Two neighbouring numbers; `offset` and the seven bytes after it must be there.
  @inline(__always)
  private func numbers(_ bytes: RawSpan, _ offset: Int) -> (Int, Int) {
    let both = bytes.big64(offset)
    let first = UInt32(truncatingIfNeeded: both &>> 32), second = UInt32(truncatingIfNeeded: both)
    return isSwapped ? (Int(first.byteSwapped), Int(second.byteSwapped)) : (Int(first), Int(second))
  }

  private static func unknown(_ magic: UInt32, _ name: String) -> CaptureError {
    if magic == Magic.lz4 {
      return CaptureError(
        .badData, "\(name) is compressed by lz4, which cannot be read",
        hint: "lz4 -dc \(name) | wiretally read -")
    }
    return CaptureError(
      .badData, "\(name) is no pcap or pcapng file", hint: "editcap -F pcap converts other formats")
  }
}
