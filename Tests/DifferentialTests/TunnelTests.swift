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
    "L2TP with all its fields", "TZSP",
    "TZSP with 802.11", "CAPWAP", "CAPWAP, Cisco's way", "CAPWAP with Ethernet", "NSH", "NSH with Ethernet",
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
