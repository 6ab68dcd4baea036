// SPDX-License-Identifier: Apache-2.0

import Capture
import Packets
import System

/// Blocks of a pcapng file: a section with one interface, and segments as packets (draft-ietf-opsawg-pcapng).
///
/// A packet has the link layer that `tcpdump -i any` gives it (LINKTYPE_LINUX_SLL2), which names the interface and the direction. Its
/// headers are made again from what is known of the segment: addresses, ports, numbers, flags. The rest of them has default values. What was not
/// captured of the payload is missing at its end, and the packet's original length says so.
struct CaptureBlocks {
  /// The origin of a file.
  struct Origin: Sendable {
    /// The program and its version.
    var program: String
    /// What is watched, for people.
    var source: String
    var depth: CaptureDepth
  }

  private enum Block {
    static var section: UInt32 { 0x0a0d_0d0a }
    static var interface: UInt32 { 1 }
    static var packet: UInt32 { 6 }
    static var order: UInt32 { 0x1a2b_3c4d }
  }

  private enum Option {
    static var comment: UInt16 { 1 }
    static var name: UInt16 { 2 }
    static var description: UInt16 { 3 }
    static var application: UInt16 { 4 }
    static var resolution: UInt16 { 9 }
  }

  /// Bytes of the cooked header, of IPv4's, IPv6's and TCP's.
  private static let (cooked, ipv4, ipv6, tcp) = (20, 20, 40, 20)
  /// Bytes of a packet's block beside the packet: fixed fields, its option, the options' end, both lengths.
  private static let frame = 28 + 4 + RecordingMark.size + 4 + 4

  private(set) var bytes: [UInt8] = []
  private(set) var packets: UInt64 = 0
  /// The wall clock's times of the first and the last packet, nanoseconds since 1970.
  private(set) var first: UInt64 = 0
  private(set) var last: UInt64 = 0

  /// - Parameter capacity: bytes to reserve.
  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Empties it, and keeps its memory.
  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    (packets, first, last) = (0, 0, 0)
  }

  /// What a file begins with.
  static func head(_ origin: Origin) -> [UInt8] {
    var blocks = CaptureBlocks()
    blocks.block(Block.section) {
      $0.put32(Block.order)
      $0.put16(1)
      $0.put16(0)
      // The section's length is not known.
      $0.put64(.max)
      $0.option(
        Option.comment,
        Array(
          "HTTP as \(origin.program) saw it at depth \(origin.depth.rawValue): headers below HTTP are made again, and what was not captured is missing"
            .utf8))
      $0.option(Option.application, Array(origin.program.utf8))
      $0.option(RecordingMark.sectionOption, Array(origin.depth.rawValue.utf8))
      $0.option(0, [])
    }
    blocks.block(Block.interface) {
      $0.put16(UInt16(LinkType.linuxSLL2))
      $0.put16(0)
      // No limit: packets are as long as their captured lengths say.
      $0.put32(0)
      $0.option(Option.name, Array("any".utf8))
      $0.option(Option.description, Array(origin.source.utf8))
      // Nanoseconds.
      $0.option(Option.resolution, [9])
      $0.option(0, [])
    }
    return blocks.bytes
  }

  /// Adds a segment whose captured bytes are in `storage`, with its time moved by `shift` nanoseconds.
  mutating func append(_ segment: QueuedSegment, shift: Int64, _ storage: borrowing ZeroedStorage<UInt8>) {
    let time = segment.time &+ UInt64(bitPattern: shift), captured = Int(segment.captured)
    let headers = Self.cooked + (segment.isIPv4 ? Self.ipv4 : Self.ipv6) + Self.tcp
    let padding = (4 - (headers + captured) & 3) & 3
    let length = UInt32(Self.frame + headers + captured + padding)
    put32(Block.packet)
    put32(length)
    put32(0)
    put32(UInt32(truncatingIfNeeded: time >> 32))
    put32(UInt32(truncatingIfNeeded: time))
    put32(UInt32(headers + captured))
    put32(UInt32(headers) &+ segment.payloadLength)
    putHeaders(segment, storage)
    for _ in 0..<padding { bytes.append(0) }
    put16(RecordingMark.packetOption)
    put16(UInt16(RecordingMark.size))
    bytes.append(segment.kind)
    bytes.append(segment.direction)
    bytes.append(segment.checksum)
    bytes.append(0)
    put32(segment.network)
    put32(0)
    put32(length)
    if packets == 0 { first = time }
    last = max(last, time)
    packets += 1
  }

  // MARK: Headers, in network order

  private mutating func putHeaders(_ segment: QueuedSegment, _ storage: borrowing ZeroedStorage<UInt8>) {
    let payload = Int(segment.payloadLength), total = Self.tcp + payload
    // Protocol, reserved, interface, Ethernet, outgoing or to this machine, and no address.
    putBig16(segment.isIPv4 ? 0x0800 : 0x86dd)
    putBig16(0)
    putBig32(segment.interface)
    putBig16(1)
    bytes.append(segment.direction == Segment.Direction.outbound.rawValue ? 4 : 0)
    for _ in 0..<9 { bytes.append(0) }
    let network = bytes.count
    // A length that its field cannot hold is 0, as of super-segments.
    if segment.isIPv4 {
      putBig16(0x4500)
      putBig16(Self.ipv4 + total > 0xffff ? 0 : UInt16(Self.ipv4 + total))
      // No number; not to be divided; a time to live; TCP; the checksum comes later.
      putBig32(0x4000)
      putBig32(0x4006_0000)
      putBig32(UInt32(truncatingIfNeeded: segment.sourceLow))
      putBig32(UInt32(truncatingIfNeeded: segment.destinationLow))
      putSum(of: network, bytes.count, at: network + 10, InternetSum())
    } else {
      putBig32(0x6000_0000)
      putBig16(total > 0xffff ? 0 : UInt16(total))
      putBig16(0x0640)
      for word in [segment.sourceHigh, segment.sourceLow, segment.destinationHigh, segment.destinationLow] {
        putBig32(UInt32(truncatingIfNeeded: word >> 32))
        putBig32(UInt32(truncatingIfNeeded: word))
      }
    }
    let transport = bytes.count
    putBig16(segment.sourcePort)
    putBig16(segment.destinationPort)
    // A SYN's own number was added.
    putBig32(segment.sequence &- UInt32(segment.flags >> 1 & 1))
    putBig32(segment.acknowledgement)
    bytes.append(UInt8(Self.tcp / 4) << 4)
    bytes.append(segment.flags)
    // The window is not known: the largest one.
    putBig32(0xffff_0000)
    putBig16(0)
    storage.append(from: Int(segment.start), count: Int(segment.captured), to: &bytes)
    guard segment.captured == segment.payloadLength, total <= 0xffff else { return }
    var sum = InternetSum()
    sum.add(segment.sourceHigh.bigEndian)
    // The prefix of a mapped IPv4 address adds 0xffff, which is nothing.
    sum.add(segment.sourceLow.bigEndian)
    sum.add(segment.destinationHigh.bigEndian)
    sum.add(segment.destinationLow.bigEndian)
    sum.add(UInt64((6 << 16 | UInt32(total)).bigEndian))
    putSum(of: transport, bytes.count, at: transport + 16, sum)
    // One that was wrong is wrong again.
    if segment.checksum == Segment.Checksum.wrong.rawValue { bytes[transport + 16] ^= 0xff }
  }

  /// Writes the checksum of the bytes from `start` to `end`, after `sum`, where it belongs.
  private mutating func putSum(of start: Int, _ end: Int, at place: Int, _ sum: InternetSum) {
    var sum = sum
    sum.add(bytes.rawSpan.slice(start, end))
    let checksum = ~UInt16(bigEndian: sum.folded)
    bytes[place] = UInt8(checksum >> 8)
    bytes[place + 1] = UInt8(truncatingIfNeeded: checksum)
  }

  private mutating func putBig16(_ number: UInt16) {
    bytes.append(UInt8(number >> 8))
    bytes.append(UInt8(truncatingIfNeeded: number))
  }

  private mutating func putBig32(_ number: UInt32) {
    putBig16(UInt16(number >> 16))
    putBig16(UInt16(truncatingIfNeeded: number))
  }

  // MARK: Blocks, little-endian

  private mutating func put16(_ number: UInt16) {
    bytes.append(UInt8(truncatingIfNeeded: number))
    bytes.append(UInt8(number >> 8))
  }

  private mutating func put32(_ number: UInt32) {
    put16(UInt16(truncatingIfNeeded: number))
    put16(UInt16(number >> 16))
  }

  private mutating func put64(_ number: UInt64) {
    put32(UInt32(truncatingIfNeeded: number))
    put32(UInt32(number >> 32))
  }

  private mutating func option(_ code: UInt16, _ value: [UInt8]) {
    put16(code)
    put16(UInt16(value.count))
    bytes += value
    for _ in 0..<(4 - value.count & 3) & 3 { bytes.append(0) }
  }

  private mutating func block(_ type: UInt32, _ body: (inout CaptureBlocks) -> Void) {
    var inner = CaptureBlocks()
    body(&inner)
    let length = UInt32(inner.bytes.count + 12)
    put32(type)
    put32(length)
    bytes += inner.bytes
    put32(length)
  }
}
