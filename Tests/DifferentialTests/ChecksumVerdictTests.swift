// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Packets
import PcapCapture
import Testing

/// What the filter leaves its reader to verify, and what is verified of libpcap's packets: the same.
@Suite(.serialized, .enabled(if: isRoot, "loading a BPF program requires root"))
struct ChecksumVerdictTests {
  /// What the filter's reader says of a packet; nil where it does not pass.
  private static func kernel(_ trial: FilterTrial, _ frame: [UInt8]) throws -> Segment.Checksum? {
    try trial.filter(frame)
    var checksum: Segment.Checksum?
    _ = try trial.readers[0].receive(timeout: 0) { segment, _ in checksum = segment.checksum }
    return checksum
  }

  private static func decoder(_ frame: [UInt8]) -> Segment.Checksum? {
    var intake = PacketIntake(ports: .http, depth: .streams, verifies: true)
    // The frame outlives the span.
    return unsafe frame.withUnsafeBytes { bytes in
      let packet = unsafe RawSpan(_unsafeBytes: bytes)
      guard intake.read(packet, wireLength: frame.count, link: .ethernet, time: 1) else { return nil }
      return intake.segment.checksum
    }
  }

  /// What a reader finds of a checksum that can be verified.
  private static func verdict(_ checksum: PacketChecksum) -> Segment.Checksum {
    switch checksum {
    case .none, .wrong: .wrong
    case .right: .right
    case .partial: .partial
    }
  }

  /// Whether nobody can tell: fragments and routed packets.
  private static func isUnverifiable(_ packet: Packet) -> Bool {
    switch packet.network {
    case .ipv4(let header): return header.moreFragments
    case .ipv6(let header):
      return header.extensions.contains {
        switch $0 {
        case .fragment, .options(43, _): true
        default: false
        }
      }
    }
  }

  /// Whether a segment is longer than a frame, so that it may have been put together from several.
  private static func isLong(_ packet: Packet) -> Bool {
    packet.tcp.options.count + packet.payload.count > 1_460
  }

  @Test func `every packet of the table is verified alike by the filter's reader and of libpcap's packets`()
    throws
  {
    let trial = try FilterTrial(KernelCaptureOptions(depth: .streams, ringBytes: 1 << 20))
    var verified = 0
    for item in VerdictTests.cases where VerdictTests.Exception(item) == nil && item.verdict != .fragment {
      for checksum in PacketChecksum.allCases where checksum != .none {
        let packet = item.packet.with { $0.checksum = checksum }
        guard let found = try Self.kernel(trial, packet.bytes) else { continue }
        let isUnknown = Self.isUnverifiable(packet) || Self.isLong(packet)
        let expected: Segment.Checksum = isUnknown ? .unknown : Self.verdict(checksum)
        #expect(found == expected, "\(item.name): \(checksum)")
        #expect(Self.decoder(packet.bytes) == expected, "\(item.name): \(checksum)")
        verified += expected == .unknown ? 0 : 1
      }
    }
    #expect(verified >= 3_000)
  }

  @Test(arguments: [CaptureDepth.heads, .auto, .streams])
  func `a payload of any length, after a header with any options, is verified`(depth: CaptureDepth) throws {
    var options = KernelCaptureOptions(depth: depth, ringBytes: 1 << 20)
    options.deliversBare = true
    let trial = try FilterTrial(options)
    for six in [false, true] {
      for words in 0...10 {
        for count in [0, 1, 2, 3, 7, 18, 23, 24, 25, 100, 511, 512, 1_433, 1_455, 1_456] {
          let port = UInt16(2_000 + words * 100 + count % 97)
          let head = Array("GET /".utf8) + [UInt8](repeating: 0xa7, count: count)
          let plain = Packet().from(port: port).options([UInt8](repeating: 1, count: words * 4))
            .payload(count == 0 ? [] : head).flags(count == 0 ? 2 : 24)
          let packet = six ? plain.ipv6() : plain
          for checksum in PacketChecksum.allCases where checksum != .none {
            let found = try Self.kernel(trial, packet.with { $0.checksum = checksum }.bytes)
            #expect(
              found == (Self.isLong(packet) ? .unknown : Self.verdict(checksum)),
              "\(words) words of options, \(count): \(checksum)")
          }
        }
      }
    }
  }

  @Test func `where IP's checksum is wrong, TCP's does not matter`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(depth: .streams, ringBytes: 1 << 20))
    for checksum in [PacketChecksum.right, .partial, .wrong] {
      for isRight in [true, false] {
        let plain = Packet().payload("GET / HTTP/1.1\r\n\r\n").with { $0.checksum = checksum }
        let packet = plain.ipv4 { $0.isChecksumRight = isRight }
        let expected = isRight ? Self.verdict(checksum) : .wrong
        #expect(try Self.kernel(trial, packet.bytes) == expected)
        #expect(Self.decoder(packet.bytes) == expected)
        // With options it is not looked at.
        let long = plain.ipv4 { ($0.isChecksumRight, $0.options) = (isRight, [1, 1, 1, 1]) }
        #expect(try Self.kernel(trial, long.bytes) == Self.verdict(checksum))
        #expect(Self.decoder(long.bytes) == Self.verdict(checksum))
      }
    }
  }

  @Test func `a right checksum of what came in is right, also where a partial one would be the same`() throws
  {
    func field(_ packet: Packet, _ checksum: PacketChecksum) -> Int {
      let bytes = packet.with { $0.checksum = checksum }.bytes
      return Int(bytes[50]) << 8 | Int(bytes[51])
    }
    let plain = Packet().payload("GET / HTTP/1.1\r\n\r\n").acknowledgement(0)
    let word = (field(plain, .right) - field(plain, .partial) + 0xffff) % 0xffff
    let packet = plain.acknowledgement(UInt32(word))
    try #require(field(packet, .right) == field(packet, .partial))
    let frame = packet.with { $0.checksum = .right }.bytes
    let trial = try FilterTrial(KernelCaptureOptions(depth: .streams, ringBytes: 1 << 20))
    // A test run's packets are on loopback, where none comes in.
    #expect(try Self.kernel(trial, frame) == .partial)
    var intake = PacketIntake(ports: .http, depth: .streams, verifies: true)
    for (direction, expected) in [(Segment.Direction.inbound, Segment.Checksum.right), (.outbound, .partial)]
    {
      // The frame outlives the span.
      let isRead = unsafe frame.withUnsafeBytes { bytes in
        let packet = unsafe RawSpan(_unsafeBytes: bytes)
        return intake.read(packet, wireLength: frame.count, link: .ethernet, time: 1, direction: direction)
      }
      #expect(isRead && intake.segment.checksum == expected)
    }
  }

  @Test func `what does not pass as a whole in one record is not verified`() throws {
    let heads = try FilterTrial(KernelCaptureOptions(depth: .heads, ringBytes: 1 << 20))
    let streams = try FilterTrial(KernelCaptureOptions(depth: .streams, ringBytes: 1 << 20))
    let long = Packet().reversed().payload("HTTP/1.1 200 OK\r\n" + String(repeating: "x", count: 600))
    #expect(try Self.kernel(heads, long.with { $0.checksum = .wrong }.bytes) == .unknown)
    #expect(try Self.kernel(streams, long.with { $0.checksum = .wrong }.bytes) == .wrong)
  }
}
