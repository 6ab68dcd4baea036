// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Testing

/// What passes on the ports of TLS: the client's hello, and nothing else.
@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct HelloTests {
  private let trial: Trial

  init() throws { trial = try Self.trial() }

  private static func trial(
    ports: PortSet = .http, depth: CaptureDepth = .auto, hello: PortSet = .https
  ) throws -> Trial {
    var options = KernelCaptureOptions(ports: ports, depth: depth, ringBytes: 1 << 20)
    options.helloPorts = hello
    return try Trial(options)
  }

  /// A record of the handshake that begins with a ClientHello, whose record has `count` bytes after its header.
  private func hello(_ count: Int = 300) -> [UInt8] {
    [22, 3, 1, UInt8(count >> 8), UInt8(count & 255), 1, 0] + [UInt8](repeating: 0x61, count: count - 2)
  }

  private func packet(_ payload: [UInt8], port: UInt16 = 443, from: UInt16 = 40_000) -> Packet {
    Packet().from(port: from).to(port: port).sequence(1_000).payload(payload)
  }

  @Test func `a client's hello passes on the ports of TLS, of either family`() throws {
    for port in [UInt16(443), 8_443] {
      for packet in [packet(hello(), port: port), packet(hello(), port: port).ipv6()] {
        let records = try trial.records(packet)
        #expect(records.map(\.segment.kind) == [.hello])
        #expect(records.first?.payload == hello() && records.first?.segment.sequence == 1_000)
        #expect(records.first?.segment.destination.port == port)
        #expect(records.first?.segment.payloadLength == 305)
      }
    }
    let gained = trial.gained()
    #expect(gained.hellos == 4 && gained.lostHellos == 0 && gained.matched == 0 && gained.onPort == 0)
    #expect(gained.otherPorts == 4)
  }

  @Test func `nothing else of such a connection passes`() throws {
    let others: [[UInt8]] = [
      [23, 3, 3, 0, 40] + [UInt8](repeating: 1, count: 40), [20, 3, 3, 0, 1, 1], [21, 3, 3, 0, 2, 1, 0],
      [22, 3, 3, 0, 50, 2] + [UInt8](repeating: 1, count: 49), [22, 3, 1, 0, 40], [22], [],
      [22, 2, 1, 0, 40, 1, 0, 0], Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8),
      [UInt8](repeating: 0x61, count: 1_400),
    ]
    for bytes in others { #expect(try trial.records(packet(bytes)).isEmpty, "\(bytes.prefix(6))") }
    // From the server, on other ports, and where nobody asks for them.
    #expect(try trial.records(packet(hello(), port: 50_000, from: 443)).isEmpty)
    #expect(try trial.records(packet(hello(), port: 4_443)).isEmpty)
    #expect(try Trial().records(packet(hello())).isEmpty)
    #expect(trial.gained().hellos == 0)
  }

  @Test func `of a hello in several segments the first two pass`() throws {
    let first = Array(hello(3_000)[..<1_400]), more = [UInt8](repeating: 0x62, count: 1_400)
    #expect(try trial.records(packet(first)).count == 1)
    // Another connection's, bytes that are not the next, then the next ones, once.
    #expect(try trial.records(packet(more, from: 40_001).sequence(2_400)).isEmpty)
    #expect(try trial.records(packet(more).sequence(2_500)).isEmpty)
    let second = try trial.records(packet(more).sequence(2_400))
    #expect(second.map(\.payload) == [more] && second.map(\.segment.kind) == [.hello])
    #expect(try trial.records(packet(more).sequence(3_800)).isEmpty)
    // After a whole one nothing passes.
    #expect(try trial.records(packet(hello())).count == 1)
    #expect(try trial.records(packet(more).sequence(1_305)).isEmpty)
  }

  @Test(arguments: [CaptureDepth.heads, .auto])
  func `a port that is watched for HTTP too has both`(depth: CaptureDepth) throws {
    let trial = try Self.trial(ports: .https, depth: depth)
    #expect(try trial.records(packet(hello())).map(\.segment.kind) == [.hello])
    #expect(try trial.records(packet(Array(request.utf8))).map(\.segment.kind) == [.start])
    let gained = trial.gained()
    #expect(gained.tls == 1 && gained.hellos == 1 && gained.matched == 1)
  }

  private func big16(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }

  /// A frame with a datagram that begins like a connection of QUIC.
  private func datagram(
    first: UInt8 = 0xc3, version: [UInt8] = [0, 0, 0, 1], port: Int = 443, count: Int = 1_200,
    isIPv6: Bool = false
  ) -> [UInt8] {
    let payload = [first] + version + [8] + [UInt8](repeating: 7, count: count - 6)
    let udp = big16(40_000) + big16(port) + big16(count + 8) + [0, 0] + payload
    let ends = isIPv6 ? [UInt8](repeating: 0xfd, count: 32) : [10, 0, 0, 1, 10, 0, 0, 2]
    let ip =
      isIPv6
      ? [0x60, 0, 0, 0] + big16(udp.count) + [17, 64]
      : [0x45, 0] + big16(udp.count + 20) + [0, 0, 0, 0, 64, 17, 0, 0]
    return [UInt8](repeating: 0, count: 12) + (isIPv6 ? [0x86, 0xdd] : [8, 0]) + ip + ends + udp
  }

  @Test func `what begins a connection of QUIC passes, and no other datagram`() throws {
    let second: [UInt8] = [0x6b, 0x33, 0x43, 0xcf]
    for isIPv6 in [false, true] {
      for frame in [
        datagram(isIPv6: isIPv6), datagram(first: 0xd0, version: second, port: 8_443, isIPv6: isIPv6),
      ] {
        let records = try trial.records(frame)
        #expect(records.map(\.segment.kind) == [.initial])
        #expect(records.first?.payload == Array(frame.suffix(1_200)))
        #expect(records.first?.segment.source.port == 40_000 && records.first?.segment.payloadLength == 1_200)
        #expect(records.first?.segment.source.isIPv4 == !isIPv6)
      }
    }
    let others = [
      datagram(first: 0x43), datagram(first: 0xe3), datagram(first: 0xd3), datagram(version: [0, 0, 0, 2]),
      datagram(first: 0xc0, version: second), datagram(port: 53),
    ]
    for frame in others { #expect(try trial.records(frame).isEmpty) }
    let gained = trial.gained()
    #expect(gained.hellos == 4 && gained.matched == 0 && gained.malformed == 0)
  }

  @Test func `a flood of hellos leaves room in the ring`() throws {
    var options = KernelCaptureOptions(ringBytes: 8 << 20)
    options.helloPorts = .https
    let trial = try Trial(options)
    // On one processor, within two seconds.
    try trial.filter.filter(packet(hello()).bytes, times: 20_000)
    let gained = trial.gained()
    #expect(gained.hellos >= 8_192 && gained.hellos + gained.skippedHellos == 20_000)
    #expect(gained.skippedHellos > 0 && gained.lostHellos == 0)
  }

  @Test func `a flood of datagrams leaves room in the ring`() throws {
    var options = KernelCaptureOptions(ringBytes: 8 << 20)
    options.helloPorts = .https
    let trial = try Trial(options)
    let bytes = datagram()
    // On one processor, within two seconds.
    try trial.filter.filter(bytes, times: 5_000)
    let gained = trial.gained()
    #expect(gained.hellos >= 2_000 && gained.hellos + gained.skippedInitials == 5_000)
    #expect(gained.skippedInitials > 0 && gained.lostHellos == 0)
  }

  @Test func `after tags and options a hello passes too, and a long one is cut`() throws {
    #expect(try trial.records(packet(hello()).tagged(VLANTag(7))).map(\.segment.kind) == [.hello])
    #expect(try trial.records(packet(hello()).options([1, 1, 1, 1])).map(\.payload) == [hello()])
  }
}
