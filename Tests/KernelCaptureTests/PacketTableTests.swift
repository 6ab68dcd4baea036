// SPDX-License-Identifier: Apache-2.0
import Capture
import HTTP1
import KernelCapture
import PacketBuilder
import Testing

@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct PacketTableTests {
  static let table = PacketTable(methods: Method.allCases.filter { $0 != .other }.map(\.name))

  @Test func `the table is as large as it was meant to be`() {
    #expect(Self.table.cases.count >= 1500)
    print("packets in the table: \(Self.table.cases.count)")
    #expect(Set(Self.table.cases.map { $0.packet.tcp.sourcePort }).count > 1000)
  }

  @Test(arguments: FilterUnderTest.all)
  func `the filter gives every packet of the table its verdict`(object: FilterUnderTest) throws {
    let trial = try object.trial()
    for item in Self.table.cases {
      let records = try trial.records(item.frame)
      let counters = trial.gained()
      let verdict = Self.verdict(counters, records)
      #expect(verdict == item.verdict, "\(item.name)")
      #expect(counters.packets == 1)
      #expect(counters.matched == UInt64(records.count) && counters.lost == 0)
      #expect(counters.failedTailCalls == 0)
      // A fragment may complete the datagram of another one.
      if let record = records.first, item.verdict != .fragment {
        #expect(record.payload == item.packet.payload, "\(item.name)")
        #expect(record.segment.source.port == item.packet.tcp.sourcePort)
        #expect(record.segment.destination.port == item.packet.tcp.destinationPort)
        let syn: UInt32 = item.packet.tcp.flags & 2 != 0 ? 1 : 0
        #expect(record.segment.sequence == item.packet.tcp.sequence + syn)
        #expect(record.segment.flags.rawValue == item.packet.tcp.flags)
      }
    }
  }

  /// What counters and records say of one packet.
  private static func verdict(
    _ counters: CaptureCounters, _ records: [Trial.Record]
  ) -> PacketCase.Verdict {
    let length = records.first.map { Int($0.segment.payloadLength) } ?? -1
    if counters.malformed == 1 { return .malformed }
    if counters.fragments == 1 { return .fragment }
    if counters.otherPorts == 1 { return .otherPort }
    if counters.requestHeads == 1 { return .request(length) }
    if counters.responseHeads == 1 { return .response(length) }
    if counters.http2 == 1 { return .preface(length) }
    if counters.tls == 1 { return .tls }
    if counters.payload == 1 { return .body }
    return counters.onPort == 1 ? .empty : .ignored
  }
}
