// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Testing

@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct RingTests {
  @Test(arguments: [0, 1, 4095, 4096, 4097, 65536, 65537])
  func `a ring gets the next power of two of whole pages`(asked: Int) throws {
    let trial = try Trial(KernelCaptureOptions(ringBytes: asked))
    let size = trial.filter.ringBytes
    #expect(size >= max(asked, 4096) && size & (size - 1) == 0 && size < 2 * max(asked, 4096))
    #expect(try trial.records(Packet().payload(request)).map(\.text) == [request])
  }

  @Test func `a full ring loses records, counts each of them, and continues when it is drained`() throws {
    let trial = try Trial(KernelCaptureOptions(ringBytes: 4096))
    var delivered = 0
    for round in 1...50 {
      for index in 0..<200 {
        try trial.filter.filter(Packet().from(port: UInt16(1000 + index)).payload(request).bytes)
      }
      delivered += try trial.drain().count
      let counters = trial.filter.counters()
      #expect(counters.matched == UInt64(round * 200))
      #expect(counters.matched == UInt64(delivered) + counters.lost)
      #expect(counters.lost > 0 && counters.lostRequests == counters.lost)
    }
  }

  @Test func `records that wrap around the ring's end come out whole`() throws {
    let trial = try Trial(KernelCaptureOptions(ringBytes: 4096))
    for index in 0..<2000 {
      let text = "GET /" + String(repeating: "w", count: index % 701) + " HTTP/1.1\r\n\r\n"
      let records = try trial.records(Packet().payload(text))
      try #require(records.map(\.text) == [text])
    }
    #expect(trial.filter.counters().lost == 0)
  }

  @Test func `segments are announced before they come, in their order, also around the ring's end`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 4096))
    let reader = trial.readers[0]
    for round in 0..<50 as Range<UInt16> {
      let ports = (0..<1 + round % 7).map { 1000 + $0 }
      for port in ports { try trial.filter(Packet().from(port: port).payload(request).bytes) }
      var announced: [UInt16] = [], delivered: [UInt16] = []
      _ = try reader.receive(timeout: 0, ahead: { announced.append($0.source.port) }) { segment, _ in
        delivered.append(segment.source.port)
        // Two records ahead, as long as there are as many.
        #expect(announced.count == min(delivered.count + 2, ports.count))
      }
      #expect(announced == ports && delivered == ports)
    }
  }

  @Test func `both directions of a flow meet in one ring, and flows spread over all`() throws {
    let options = KernelCaptureOptions(ringBytes: 1 << 20, workers: 4)
    let trial = try FilterTrial(options)
    var seen = [Int](repeating: 0, count: 4)
    for port in UInt16(1000)..<1400 {
      let packet = port % 2 == 0 ? Packet().from(port: port) : Packet().ipv6().from(port: port)
      try trial.filter(packet.payload(request).bytes)
      try trial.filter(packet.reversed().payload(response).bytes)
      for (index, reader) in trial.readers.enumerated() {
        let outcome = try reader.receive(timeout: 0) { _, _ in }
        if outcome == .delivered(2) { seen[index] += 1 } else { #expect(outcome == .delivered(0)) }
      }
    }
    #expect(seen.reduce(0, +) == 400)
    #expect(seen.allSatisfy { $0 > 50 })
  }

  @Test func `a stopped capture delivers what is left and then ends`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16))
    try trial.filter(Packet().payload(request).bytes)
    trial.stop()
    let reader = trial.readers[0]
    #expect(try reader.receive(timeout: 0) { _, _ in } == .delivered(1))
    #expect(try reader.receive(timeout: 1000) { _, _ in } == .ended)
  }

  @Test func `a wait in vain takes its time and a filled ring none`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16))
    let reader = trial.readers[0]
    let clock = ContinuousClock()
    let vain = try clock.measure { _ = try reader.receive(timeout: 50) { _, _ in } }
    #expect(vain >= .milliseconds(45) && vain < .milliseconds(500))
    try trial.filter(Packet().payload(request).bytes)
    let filled = try clock.measure { _ = try reader.receive(timeout: 5000) { _, _ in } }
    #expect(filled < .milliseconds(1000))
  }

  @Test func `a record's time is the capture clock's`() throws {
    let trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16))
    let reader = trial.readers[0]
    let before = try #require(reader.now)
    try trial.filter(Packet().payload(request).bytes)
    var time: UInt64 = 0
    _ = try reader.receive(timeout: 0) { segment, _ in time = segment.time }
    #expect(time >= before && time <= (reader.now ?? 0))
  }
}
