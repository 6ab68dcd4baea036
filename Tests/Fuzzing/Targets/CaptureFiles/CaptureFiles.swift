// SPDX-License-Identifier: Apache-2.0

import Capture
import Decompression
import Glibc
import Packets
import PacketBuilder
import PcapCapture
import Randomness
import Support

/// Any bytes as a capture file: a plain reader counts as many packets up to the same fault, and the counters
/// agree with what is handed on.
enum CaptureFiles: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    let packets = [
      Packet().payload("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
      Packet().reversed().payload("HTTP/1.1 200 OK\r\n\r\n"),
      Packet().ipv6().payload("POST /x HTTP/1.1\r\n\r\n"),
      Packet().ipv4 { $0.moreFragments = true }.payload("GET /f"),
      Packet().ipv4 { $0.fragmentOffset = 4 }.payload("0123456789012345"),
    ].map(\.bytes)
    return (0..<150).map { index in
      let chosen = packets.shuffled(using: &random).prefix(Int.random(in: 0...5, using: &random))
      var file =
        index % 2 == 0 ? classic(Array(chosen), index / 2) : blocks(Array(chosen), index / 2, &random)
      if index % 5 == 0 { file.removeLast(Int.random(in: 0...min(20, file.count), using: &random)) }
      return file
    }
  }

  private static func number(_ value: UInt32, _ isBig: Bool) -> [UInt8] {
    let bytes = [UInt8(value & 255), UInt8(value >> 8 & 255), UInt8(value >> 16 & 255), UInt8(value >> 24)]
    return isBig ? bytes.reversed() : bytes
  }

  private static func classic(_ packets: [[UInt8]], _ kind: Int) -> [UInt8] {
    let isBig = kind & 1 == 1, magic: [UInt32] = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34]
    let variant = kind / 2 % 3
    var file = number(magic[variant], isBig) + (isBig ? [0, 2, 0, 4] : [2, 0, 4, 0])
    for value in [0, 0, 65_535, 1] as [UInt32] { file += number(value, isBig) }
    for packet in packets {
      for value in [1_700_000_000, 5, UInt32(packet.count), UInt32(packet.count)] {
        file += number(value, isBig)
      }
      if variant == 2 { file += [UInt8](repeating: 0, count: 8) }
      file += packet
    }
    return file
  }

  private static func blocks(_ packets: [[UInt8]], _ kind: Int, _ random: inout SeededGenerator) -> [UInt8] {
    let isBig = kind & 1 == 1
    func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
      let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
      let length = number(UInt32(padded.count + 12), isBig)
      return number(type, isBig) + length + padded + length
    }
    func short(_ value: UInt16) -> [UInt8] {
      isBig ? [UInt8(value >> 8), UInt8(value & 255)] : [UInt8(value & 255), UInt8(value >> 8)]
    }
    let section = number(0x1a2b_3c4d, isBig) + short(1) + short(0) + [UInt8](repeating: 255, count: 8)
    var file = block(0x0a0d_0d0a, section)
    let resolution = [6, 9, 3, 0x94, 0x8a, 0, 19, 20, 0xbe].randomElement(using: &random) ?? 6
    let options =
      short(9) + short(1) + [UInt8(resolution), 0, 0, 0] + short(14) + short(8) + [0, 0, 0, 0, 0, 0, 0, 1]
    file += block(
      1, short(1) + short(0) + number(kind % 3 == 0 ? 60 : 0, isBig) + options + short(0) + short(0))
    for (index, packet) in packets.enumerated() {
      let count = UInt32(packet.count)
      switch (index + kind) % 3 {
      case 0: file += block(3, number(count, isBig) + packet)
      case 1:
        file += block(
          2,
          short(0) + short(0) + number(6, isBig) + number(7, isBig) + number(count, isBig)
            + number(count, isBig) + packet)
      default:
        file += block(
          6,
          number(0, isBig) + number(6, isBig) + number(7, isBig) + number(count, isBig) + number(count, isBig)
            + packet)
      }
    }
    return file + block(5, [0, 0, 0, 0])
  }

  // One file in memory, used by one thread.
  private static let file = MemoryFile.make()

  static func test(_ input: RawSpan) {
    expect(ftruncate(file, 0) == 0, "the file is empty")
    MemoryFile.write(input, to: file)
    let source = FileSource(paths: ["/proc/self/fd/\(file)"], ports: .http)
    var handed: UInt64 = 0
    var fault: CaptureError?
    func readAll() throws(CaptureError) {
      while try source.receive(
        timeout: 0,
        { segment, payload in
          handed += 1
          expect(payload.byteCount <= Int(segment.payloadLength), "no more was captured than was sent")
          expect(
            segment.source.port == 80 || segment.destination.port == 80, "only watched ports are handed on")
          expect(segment.payloadLength > 0 || segment.flags.isControl, "an empty segment says something")
        }) != .ended
      {}
    }
    do throws(CaptureError) {
      try readAll()
    } catch {
      fault = error
      source.abandonFile()
      // What waited for its successor comes now.
      do throws(CaptureError) {
        try readAll()
      } catch {
        expect(false, "there is no other file: \(error)")
      }
    }
    // The plain reader does not decompress; what decompression makes of any bytes has a target of its own.
    guard CompressionFormat(beginning: input) == nil else { return }
    let plain = Plain(input.array)
    expect((fault == nil) == plain.isGood, "the references agree on a fault: \(fault.debugDescription)")
    expect(
      source.packets == plain.packets, "both count the same packets: \(source.packets), \(plain.packets)"
    )
    let c = source.counters
    // Faults come after what was handed on; datagrams that wait for their rest are then left out.
    expect(c.matched == handed, "what matched was handed on: \(c), \(handed)")
    expect(
      c.payload <= c.onPort && c.packets == plain.packets - source.unreadable, "the counters add up: \(c)")
    if let fault {
      expect(fault.reason == .badData && !fault.message.isEmpty, "a fault says why: \(fault)")
    }
  }

  /// A plain reader of both formats that counts packets.
  private struct Plain {
    var packets: UInt64 = 0
    var isGood = false
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      guard bytes.count >= 4 else { return }
      if bytes.starts(with: [10, 13, 13, 10]) { isGood = readBlocks() } else { isGood = readClassic() }
    }

    private func number(_ at: Int, _ isBig: Bool) -> Int {
      let part = bytes[at..<(at + 4)]
      return (isBig ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func readClassic() -> Bool {
      let magics = [0xa1b2_c3d4: 16, 0xa1b2_3c4d: 16, 0xa1b2_cd34: 24]
      let isBig = magics[number(0, true)] != nil
      guard let header = magics[number(0, isBig)], bytes.count >= 24 else { return false }
      guard (isBig ? bytes[4] == 0 && bytes[5] == 2 : bytes[4] == 2 && bytes[5] == 0) else { return false }
      guard LinkLayer(linkType: UInt32(number(20, isBig) & 0xffff)) != nil else { return false }
      var offset = 24
      while offset < bytes.count {
        guard bytes.count >= offset + header else { return false }
        let captured = number(offset + 8, isBig)
        guard captured <= 16 << 20, bytes.count >= offset + header + captured else { return false }
        offset += header + captured
        packets += 1
      }
      return true
    }

    private mutating func readBlocks() -> Bool {
      var offset = 0, isBig = false, interfaces = 0
      while offset < bytes.count {
        guard bytes.count >= offset + 12 else { return false }
        if bytes[offset..<(offset + 4)].elementsEqual([10, 13, 13, 10]) {
          guard [0x1a2b_3c4d, 0x4d3c_2b1a].contains(number(offset + 8, true)) else { return false }
          isBig = number(offset + 8, true) == 0x1a2b_3c4d
          interfaces = 0
        }
        let type = number(offset, isBig), length = number(offset + 4, isBig), body = length - 12
        guard length >= 12, length % 4 == 0, length <= 16 << 20, bytes.count >= offset + length,
          number(offset + length - 4, isBig) == length
        else { return false }
        switch type {
        case 1:
          guard body >= 8 else { return false }
          interfaces += 1
        case 2, 6:
          guard body >= 20 else { return false }
          let high = number(offset + 8, isBig)
          let interface = type == 6 ? high : isBig ? high >> 16 : high & 0xffff
          guard interface < interfaces, number(offset + 20, isBig) <= body - 20 else { return false }
          packets += 1
        case 3:
          guard body >= 4, interfaces > 0 else { return false }
          packets += 1
        default: break
        }
        offset += length
      }
      return true
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  CaptureFiles.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe CaptureFiles.run(bytes, count)
}
