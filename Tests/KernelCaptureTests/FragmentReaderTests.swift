// SPDX-License-Identifier: Apache-2.0
import Capture
import PacketBuilder
import Testing

@testable import KernelCapture

/// Segments in IP datagrams that come in fragments: the filter sends these to every worker, who puts them together.
@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct FragmentReaderTests {
  private static let long =
    "GET /" + String(repeating: "l", count: 700) + " HTTP/1.1\r\nHost: a.example\r\n\r\n"

  private static func big16(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 255), UInt8(number & 255)] }

  /// An IPv4 packet in fragments of `size` bytes.
  private static func fragments(_ packet: [UInt8], size: Int, number: UInt8 = 1) -> [[UInt8]] {
    let payload = Array(packet.dropFirst(20))
    return stride(from: 0, to: payload.count, by: size).map { at in
      let part = payload.dropFirst(at).prefix(size), hasMore = at + size < payload.count
      var bytes: [UInt8] = [0x45, 0]
      bytes += big16(20 + part.count)
      bytes += [0, number]
      bytes += big16(at / 8 | (hasMore ? 0x2000 : 0))
      bytes += packet[8..<20]
      bytes += part
      return bytes
    }
  }

  /// The same of an IPv6 packet, by the header of RFC 8200.
  private static func fragments6(_ packet: [UInt8], size: Int) -> [[UInt8]] {
    let payload = Array(packet.dropFirst(40))
    return stride(from: 0, to: payload.count, by: size).map { at in
      let part = payload.dropFirst(at).prefix(size), hasMore = at + size < payload.count
      var bytes = Array(packet[0..<4])
      bytes += big16(8 + part.count)
      bytes += [44, 64]
      bytes += packet[8..<40]
      bytes += [packet[6], 0]
      bytes += big16(at | (hasMore ? 1 : 0))
      bytes += [0, 0, 0, 9]
      bytes += part
      return bytes
    }
  }

  private static func frame(_ packet: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 12)
    bytes += packet[0] >> 4 == 4 ? [8, 0] : [0x86, 0xdd]
    bytes += packet
    // The kernel's test run takes no shorter frame.
    return bytes + [UInt8](repeating: 0, count: max(0, 60 - packet.count))
  }

  private static func tunnelled(_ transport: UInt8, _ inner: [UInt8]) -> [UInt8] {
    let rest: [UInt8] = [0, 7, 0, 0, 64, transport, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2]
    return [0x45, 0] + big16(20 + inner.count) + rest + inner
  }

  private static func vxlan(_ inner: [UInt8]) -> [UInt8] {
    let head: [UInt8] = [8, 0, 0, 0, 0, 0, 1, 0]
    let body = head + frame(inner)
    let udp = big16(12_345) + big16(4_789) + big16(8 + body.count)
    return tunnelled(17, udp + [0, 0] + body)
  }

  private static let plain = Array(Packet().payload(long).bytes.dropFirst(14))

  /// Fragments, in the order in which they were cut, by the ways in which they come about.
  static let kinds: [(String, [[UInt8]])] = [
    ("IPv4", fragments(plain, size: 200)),
    ("a short last one", fragments(plain, size: (plain.count - 28) / 16 * 8)),
    ("IPv6", fragments6(Array(Packet().payload(long).ipv6().bytes.dropFirst(14)), size: 200)),
    ("VXLAN", fragments(vxlan(plain), size: 400)),
    ("in GRE", fragments(plain, size: 400).map { tunnelled(47, [0, 0, 8, 0] + $0) }),
    (
      "in fragments of GRE",
      fragments(plain, size: 400).enumerated().flatMap { index, inner in
        fragments(tunnelled(47, [0, 0, 8, 0] + inner), size: 200, number: UInt8(20 + index))
      }
    ),
  ]

  @Test(arguments: kinds, CaptureDepth.allCases)
  func `a segment is delivered once, whatever the order of its fragments`(
    kind: (String, [[UInt8]]), depth: CaptureDepth
  ) throws {
    for (workers, order) in [(1, kind.1), (1, kind.1.reversed()), (3, kind.1), (64, kind.1.reversed())] {
      let trial = try Trial(KernelCaptureOptions(depth: depth, ringBytes: 1 << 16, workers: workers))
      var records: [Trial.Record] = []
      // Once more, as it may be seen on another interface.
      for packet in order + order { records += try trial.records(Self.frame(packet)) }
      let counters = trial.gained()
      #expect(records.map(\.text) == [Self.long], "\(kind.0), \(workers)")
      #expect(records.first?.segment.kind == (depth == .heads ? .start : .stream))
      #expect(counters.matched == 1 && counters.lost == 0 && counters.failedTailCalls == 0)
      #expect(counters.fragments == UInt64(2 * order.count) && counters.malformed == 0)
      // What is whole goes to the same worker.
      let whole = try trial.records(Packet().payload("GET / HTTP/1.1\r\n\r\n"))
      #expect(whole.count == 1 && trial.gained().matched == 1)
    }
  }

  @Test func `a whole segment and one in fragments go to the same worker`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 18, workers: 4))
    for port in UInt16(1_000)..<1_100 {
      let packet = Packet().from(port: port).payload(Self.long)
      try trial.filter(packet.bytes)
      for fragment in Self.fragments(Array(packet.bytes.dropFirst(14)), size: 400, number: UInt8(port & 255))
      {
        try trial.filter(Self.frame(fragment))
      }
      let outcomes = try trial.readers.map { reader in
        try reader.receive(timeout: 0) { segment, _ in #expect(segment.source.port == port) }
      }
      #expect(outcomes.filter { $0 == .delivered(2) }.count == 1)
      #expect(outcomes.filter { $0 == .delivered(0) }.count == 3)
    }
    #expect(trial.counters().matched == 200)
  }

  @Test(arguments: [false, true])
  func `at depth auto the rest of a head comes whole after fragments of it`(isIPv6: Bool) throws {
    let trial = try Trial(KernelCaptureOptions(depth: .auto, ringBytes: 1 << 18))
    let begun = Packet().payload("GET / HTTP/1.1\r\nCookie: " + String(repeating: "c", count: 1_000))
    let packet = Array((isIPv6 ? begun.ipv6() : begun).bytes.dropFirst(14))
    let fragments = isIPv6 ? Self.fragments6(packet, size: 400) : Self.fragments(packet, size: 400)
    var records: [Trial.Record] = []
    for fragment in fragments.reversed() { records += try trial.records(Self.frame(fragment)) }
    let rest = begun.sequence(1_000 + UInt32(begun.payload.count)).payload("ccc\r\n\r\n")
    records += try trial.records(isIPv6 ? rest.ipv6() : rest)
    #expect(records.map(\.payload) == [begun.payload, rest.payload])
    #expect(records.allSatisfy { $0.segment.kind == .stream })
  }

  @Test(arguments: [1, 4])
  func `the beginning of a datagram whose rest does not come is delivered at the end, once`(workers: Int)
    throws
  {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16, workers: workers))
    let parts = Self.fragments(Self.plain, size: 400)
    try trial.filter(Self.frame(parts[0]))
    // The rest of another one alone begins nothing.
    try trial.filter(Self.frame(Self.fragments(Self.plain, size: 400, number: 2)[1]))
    var heads: [UInt32] = []
    func receive() throws -> [ReceiveOutcome] {
      try trial.readers.map { reader in
        try reader.receive(timeout: 0) { segment, payload in
          #expect(payload.byteCount == 400 - 20)
          heads.append(segment.sequence)
        }
      }
    }
    _ = try receive()
    #expect(heads.isEmpty)
    trial.stop()
    #expect(try receive().filter { $0 == .delivered(1) }.count == 1)
    #expect(heads == [1_000] && trial.counters().matched == 1)
    #expect(try receive().allSatisfy { $0 == .ended })
  }

  @Test func `more fragments than a limit are left out, and counted`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16))
    let fragment = Self.frame(Self.fragments(Self.plain, size: 200)[1])
    try trial.filter(fragment, times: 30_000)
    let counters = trial.counters()
    #expect(counters.fragments == 30_000 && counters.fragmentsRefused > 0)
    #expect(counters.fragmentsRefused + counters.lost <= 30_000 && counters.matched == counters.lost)
  }

  @Test func `fragments of other protocols and ports are not delivered`() throws {
    let trial = try Trial()
    for packet in [Packet().to(port: 81).payload(Self.long), Packet().transport(132).payload(Self.long)] {
      for fragment in Self.fragments(Array(packet.bytes.dropFirst(14)), size: 200) {
        #expect(try trial.records(Self.frame(fragment)).isEmpty)
      }
    }
    #expect(trial.gained().fragments == UInt64(Self.fragments(Self.plain, size: 200).count))
  }
}
