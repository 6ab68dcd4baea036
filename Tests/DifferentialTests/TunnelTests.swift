// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Packets
import PcapCapture
import Testing

private let whole = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"

private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

private func big16(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }

/// Packets in packets: the filter in the kernel finds the same segment inside as the decoder of files does.
@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct TunnelTests {
  /// What only files and libpcap are read through: tags of switches, and tunnels that few have.
  static let onlyInFiles: Set<String> = [
    "an authentication header", "EoIP", "WCCP", "Aruba's GRE", "VXLAN-GPE with NSH",
    "TZSP", "TZSP with 802.11", "CAPWAP", "CAPWAP, Cisco's way", "CAPWAP with Ethernet", "NSH",
    "NSH with Ethernet",
    "Ethernet in Ethernet", "802.1ah", "a bridge's tag", "SNAP", "IP's own number in LLC", "802.1BR",
    "Cisco's metadata",
    "HSR", "802.1AE without encryption", "802.1AE with its channel", "TRILL", "FabricPath", "ISL",
  ]

  private static let packets = [
    Packet().payload(whole), Packet().payload(whole).ipv6(),
    Packet().reversed().payload("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  ]

  @Test func `a segment in a tunnel is found and delivered as the decoder reads it`() throws {
    let kernel = try KernelImplementation()
    var opened = 0
    for packet in Self.packets {
      for envelope in Envelope.all(around: Array(packet.bytes.dropFirst(14))) where envelope.linkType == 1 {
        guard !Self.onlyInFiles.contains(envelope.name) else { continue }
        let found = try kernel.examine(envelope.bytes), expected = SwiftImplementation.examine(envelope.bytes)
        #expect(found == expected && found.start != nil, "\(envelope.name): \(found), decoder \(expected)")
        opened += 1
      }
    }
    #expect(opened >= 90, "\(opened)")
  }

  @Test func `what only files are read through is passed over, and is no fault`() throws {
    let kernel = try KernelImplementation()
    for envelope in Envelope.all(around: Array(Self.packets[0].bytes.dropFirst(14)))
    where envelope.linkType == 1 {
      guard Self.onlyInFiles.contains(envelope.name) else { continue }
      #expect(
        try kernel.examine(envelope.bytes) == Finding(verdict: .ignored, start: nil), "\(envelope.name)")
    }
  }

  @Test func `tunnels in tunnels are opened up to a depth, and no deeper`() throws {
    let kernel = try KernelImplementation()
    let inner = Array(Packet().payload(whole).bytes.dropFirst(14))
    for depth in [1, 5, 11, 12, 20, 60] {
      var packet = inner
      for _ in 0..<depth {
        let outer: [UInt8] = [0x45, 0] + big16(UInt16(20 + packet.count)) + [0, 1, 0, 0, 64, 4, 0, 0]
        packet = outer + [10, 9, 0, 1, 10, 9, 0, 2] + packet
      }
      let found = try kernel.examine(zeros(12) + [8, 0] + packet)
      #expect((found.start != nil) == (depth < 12), "\(depth)")
    }
  }

  /// An Ethernet frame with an IPv4 packet of this protocol.
  private static func frame(_ transport: UInt8, _ body: [UInt8], tag: UInt16? = nil) -> [UInt8] {
    let outer: [UInt8] = [0x45, 0] + big16(UInt16(20 + body.count)) + [0, 1, 0, 0, 64, transport, 0, 0]
    return zeros(12) + (tag.map { [0x81, 0] + big16($0) } ?? []) + [8, 0] + outer + [
      10, 9, 0, 1, 10, 9, 0, 2,
    ] + body
  }

  private static func udp(_ port: UInt16, from source: UInt16 = 12_345, _ body: [UInt8]) -> [UInt8] {
    big16(source) + big16(port) + big16(UInt16(8 + body.count)) + [0, 0] + body
  }

  @Test func `what is in a tunnel and no tunnel itself is passed over`() throws {
    let kernel = try KernelImplementation()
    // Were it an extension header of GTP, a segment would follow.
    let body = [1, 0, 0, 0] + Array(Packet().payload(whole).bytes.dropFirst(14))
    for transport: UInt8 in [1, 50, 89, 103, 132] {
      let vxlan: [UInt8] = [8, 0, 0, 0, 0, 0, 1, 0] + Self.frame(transport, body)
      let found = try kernel.examine(Self.frame(17, Self.udp(4789, vxlan)))
      #expect(found == Finding(verdict: .ignored, start: nil), "\(transport)")
    }
    // Were it Ethernet, a segment would follow.
    let service: [UInt8] = [12, 0, 0, 4, 0, 0, 1, 0] + zeros(12) + [8, 0] + body.dropFirst(4)
    #expect(
      try kernel.examine(Self.frame(17, Self.udp(4790, service))) == Finding(verdict: .ignored, start: nil))
  }

  @Test(arguments: [4, 41] as [UInt8])
  func `what is of no version of IP inside of IP ends there, whatever its bytes`(transport: UInt8) throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16))
    for version in UInt8(0)..<16 where version != 4 && version != 6 {
      // As an IPv6 header would have it, TCP follows; after extension headers of the packet outside as well.
      let inner: [UInt8] = [version << 4, 0, 0, 0, 0, 60, 6, 64] + zeros(92)
      try trial.filter(Self.frame(transport, inner))
      let options: [UInt8] = [transport, 0, 1, 4, 0, 0, 0, 0]
      let outer: [UInt8] = [0x60, 0, 0, 0] + big16(UInt16(8 + inner.count)) + [0, 64] + zeros(32)
      try trial.filter(zeros(12) + [0x86, 0xdd] + outer + options + inner)
    }
    let counters = trial.counters()
    #expect(counters.packets == 28 && counters.failedTailCalls == 0 && counters.matched == 0)
  }

  @Test func `other protocols and UDP of clients' ports take no other program`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 20))
    trial.removePrograms()
    for transport: UInt8 in [1, 2, 50, 89, 103, 112, 132, 255] {
      try trial.filter(Self.frame(transport, zeros(40)))
    }
    for port in stride(from: UInt16(8_473), to: 65_500, by: 7) {
      try trial.filter(Self.frame(17, Self.udp(port, from: port + 3, zeros(40))))
    }
    #expect(trial.counters().failedTailCalls == 0)
    try trial.filter(Self.frame(17, Self.udp(4_789, zeros(40))))
    #expect(trial.counters().failedTailCalls == 1)
  }

  @Test func `a packet that is too short for another one inside takes one further program`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 20))
    // The one for tunnels, HTTPF_AT_TUNNEL.
    trial.removePrograms(8..<9)
    for count in 8..<20 {
      try trial.filter(Self.frame(17, Self.udp(4_789, zeros(count - 8))))
      try trial.filter(Self.frame(47, zeros(count)))
    }
    #expect(trial.counters().failedTailCalls == 0)
    try trial.filter(Self.frame(17, Self.udp(4_789, zeros(32))))
    #expect(trial.counters().failedTailCalls == 1)
  }

  @Test func `frames of HTTP/2 in the deepest tunnel are walked through without a call too many`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(depth: .auto, ringBytes: 1 << 22))
    let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    // More frames than are walked through, of a type that passes whole.
    let frames = [[UInt8]](repeating: [0, 0, 0, 6, 0, 0, 0, 0, 0], count: 250).flatMap { $0 }
    var delivered = 0
    for depth in 0...11 {
      let base = Packet().with { $0.tcp.sourcePort = 40_000 + UInt16(depth) }
      for packet in [
        base.flags(2).sequence(999), base.reversed().flags(18).sequence(4_999).acknowledgement(1_000),
        base.sequence(1_000).payload(preface + frames),
        base.sequence(1_000 + UInt32(preface.count + frames.count)).payload(frames),
      ] {
        let whole = packet.with { $0.checksum = .right }
        let inner = (0..<depth).reduce(Array(whole.bytes.dropFirst(14))) { inner, _ in
          Array(Self.frame(4, inner).dropFirst(14))
        }
        try trial.filter(zeros(12) + [8, 0] + inner)
      }
      _ = try trial.readers[0].receive(timeout: 0) { segment, payload in
        if segment.kind == .stream { delivered += payload.byteCount }
      }
    }
    #expect(trial.counters().failedTailCalls == 0)
    #expect(delivered == 12 * (preface.count + 2 * frames.count))
  }

  @Test func `a tag outside of a tunnel is part of the connection`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 20))
    let inner = Array(Packet().payload(whole).bytes)
    var networks: Set<UInt32> = []
    for tag: UInt16? in [nil, 5, 6] {
      for body in [
        Self.frame(4, Array(inner.dropFirst(14)), tag: tag),
        Self.frame(17, Self.udp(4789, [8, 0, 0, 0, 0, 0, 1, 0] + inner), tag: tag),
      ] {
        try trial.filter(body)
        _ = try trial.readers[0].receive(timeout: 0) { segment, _ in networks.insert(segment.network) }
      }
    }
    #expect(networks.count == 6 && networks.contains(0))
  }

  @Test func `tenants of two virtual networks have connections of their own`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 20))
    let frame = Array(Packet().payload(whole).bytes)
    var networks: Set<UInt32> = []
    for (port, number) in [(4789, UInt8(1)), (4789, 2), (6081, 1), (6081, 2)] {
      let inner: [UInt8] = [port == 4789 ? 8 : 0, 0, 0x65, 0x58, 0, 0, number, 0] + frame
      let udp = big16(12_345) + big16(UInt16(port)) + big16(UInt16(8 + inner.count)) + [0, 0] + inner
      let outer: [UInt8] = [0x45, 0] + big16(UInt16(20 + udp.count)) + [0, 1, 0, 0, 64, 17, 0, 0]
      try trial.filter(zeros(12) + [8, 0] + outer + [10, 9, 0, 1, 10, 9, 0, 2] + udp)
      _ = try trial.readers[0].receive(timeout: 0) { segment, _ in networks.insert(segment.network) }
    }
    try trial.filter(frame)
    _ = try trial.readers[0].receive(timeout: 0) { segment, _ in networks.insert(segment.network) }
    #expect(networks.count == 5 && networks.contains(0))
  }
}
