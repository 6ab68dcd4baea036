// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Testing

@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct FilterVerdictTests {
  let trial: Trial

  init() throws { trial = try Trial() }

  @Test func `a request comes out of the ring as it went in`() throws {
    let records = try trial.records(Packet().payload(request))
    try #require(records.count == 1)
    let segment = records[0].segment
    #expect(records[0].text == request)
    #expect(segment.source == Endpoint(ipv4: 0x0a00_0001, port: 40000))
    #expect(segment.destination == Endpoint(ipv4: 0x0a00_0002, port: 80))
    #expect(segment.sequence == 1000)
    #expect(segment.acknowledgement == 2000)
    #expect(segment.payloadLength == UInt32(request.utf8.count))
    #expect(segment.kind == .start)
    #expect(segment.flags == [.psh, .ack])
    #expect(segment.interface == 1)
    let counters = trial.gained()
    #expect(counters.packets == 1)
    #expect(counters.onPort == 1)
    #expect(counters.payload == 1)
    #expect(counters.matched == 1)
    #expect(counters.requestHeads == 1)
    #expect(counters.lost == 0)
  }

  @Test func `a response is distinguished from a request`() throws {
    let records = try trial.records(Packet().reversed().payload(response))
    #expect(records.map(\.text) == [response])
    #expect(trial.gained().responseHeads == 1)
  }
}
