// SPDX-License-Identifier: Apache-2.0
import Capture
import Packets
import RegexBuilder
import System
import Testing
import Text

@testable import Measuring

/// What a bench makes of its measurements, and that the parts it measures are the program's own.
struct BenchFindingsTests {
  private static func trial(_ backend: String, sent: UInt64, counted: UInt64, cost: Double = 250) -> RateTrial
  {
    RateTrial(
      backend: backend, offered: 0, sent: sent, counted: counted, lost: sent - counted, seconds: 2, cost: cost
    )
  }

  private static var findings: BenchFindings {
    var findings = BenchFindings()
    findings.stages = [
      Stage(name: "filter, not IP", nanoseconds: 40, median: 41.26, per: "packet"),
      Stage(name: "reader, ring to segment", nanoseconds: 100, median: nil, per: "record"),
      Stage(name: "parser", nanoseconds: 90, median: 95, per: "head"),
      Stage(name: "worker", nanoseconds: 300, median: 310, per: "head"),
    ]
    findings.trials = [
      trial("eBPF", sent: 400_000, counted: 400_000), trial("eBPF", sent: 1_000_000, counted: 1_000_000),
      trial("libpcap", sent: 400_000, counted: 400_000, cost: 500),
      trial("libpcap", sent: 1_000_000, counted: 900_000),
    ]
    return findings
  }

  @Test func `capacity is what a core has time for, and the highest rate without loss is named`() {
    let findings = Self.findings
    #expect(findings.ebpfCapacity == 4_000_000)
    // Of the trial that lost nothing, not of the faster one.
    #expect(findings.pcapCapacity == 2_000_000)
    #expect(findings.wholeRate("eBPF") == 500_000)
    #expect(findings.wholeRate("libpcap") == 200_000)
    #expect(findings.verdict.hasPrefix("This machine can watch about 4.0 M heads/s on one core"))
    #expect(findings.verdict.contains("500k") && findings.verdict.contains("200k"))
  }

  @Test func `a backend that always lost has no capacity`() {
    var findings = BenchFindings()
    findings.trials = [Self.trial("libpcap", sent: 1_000, counted: 999)]
    #expect(findings.pcapCapacity == nil)
    #expect(findings.wholeRate("libpcap") == nil)
    #expect(findings.verdict.contains("lost heads at every rate that was tried"))
    #expect(BenchFindings().verdict == "Nothing could be measured on this machine.")
  }

  @Test(
    arguments: [
      (0.4, "0"), (999, "999"), (1_000, "1k"), (999_499, "999k"), (1_900_000, "1.9 M"),
    ])
  func `a number of heads is short`(number: Double, words: String) {
    #expect(BenchFindings.count(number) == words)
  }

  @Test func `what is missing is on the page with its reason, each command once`() {
    var findings = Self.findings
    findings.miss("the filter", "permission denied", "sudo wiretally bench")
    findings.miss("loss", "no network", "sudo wiretally bench")
    let page = findings.page.string
    #expect(page.contains("Missing: the filter was not measured: permission denied\n"))
    #expect(page.contains("Missing: loss was not measured: no network\n"))
    #expect(page.occurrences(of: "sudo wiretally bench") == 1)
    #expect(page.contains("filter, not IP: 40.0 ns/packet"))
    #expect(page.contains("900000 of 1000000 counted (90.0 %), 100000 lost"))
  }

  @Test func `the object has fastest and median of each stage`() {
    let json = Self.findings.json.text.string
    #expect(
      json.contains(
        "{\"stage\":\"filter, not IP\",\"nanoseconds\":40.0,\"median\":41.26,\"per\":\"packet\"}"),
      "\(json)")
    #expect(json.contains("\"nanoseconds\":100.0,\"median\":null,\"per\":\"record\"}"), "\(json)")
    #expect(json.contains("\"capacity\":{\"ebpf\":4000000.0,\"libpcap\":2000000.0}"), "\(json)")
  }

  @Test func `decoder, parser and worker are measured with any privilege`() {
    let stages = Stages.worker(HeadTraffic(sites: 3), seconds: 0.05)
    #expect(stages.map(\.per) == ["packet", "head", "head", "request", "block", "block"])
    for stage in stages {
      #expect(stage.nanoseconds > 0)
      #expect((stage.median ?? 0) >= stage.nanoseconds)
    }
  }

  @Test func `a worker counts every request of HTTP/2 and its answer`() throws {
    let worker = try #require(MeasuredWorker(depth: .streams))
    #expect(Stages.framed(worker, seconds: 0)?.per == "request")
    // A round to warm up, and one that is measured.
    let rounds = UInt64(250 * FrameTraffic.connections * FrameTraffic.together)
    #expect(worker.exchanges == UInt64(FrameTraffic.connections) + 2 * rounds)
    #expect(worker.heads == 2 * worker.exchanges)
  }

  /// Whether a frame's TCP checksum is right: all words add up to ones.
  private func isRight(_ frame: [UInt8]) -> Bool {
    let segment = Array(frame[26..<34]) + [0, 6] + Array(frame[34...])
    var sum = UInt32(frame.count - 34)
    for (index, byte) in segment.enumerated() { sum += UInt32(byte) << (index % 2 == 0 ? 8 : 0) }
    while sum > 0xffff { sum = (sum >> 16) + (sum & 0xffff) }
    return sum == 0xffff
  }

  @Test(arguments: [[], [1], [1, 2], Array("GET / HTTP/1.1\r\n\r\n".utf8)] as [[UInt8]])
  func `frames have right checksums, and keep them with other numbers`(payload: [UInt8]) {
    let (client, server) = HeadTraffic.ends(7)
    var frame = HeadTraffic.frame(from: client, to: server, sequence: 0xffff_fffe, payload: payload)
    #expect(isRight(frame))
    for (place, new) in [(38, UInt32(1)), (42, 0x1234_5678), (38, 0xffff_ffff), (42, 0)] {
      let old = frame[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let checksum = HeadTraffic.checksum(UInt16(frame[50]) << 8 | UInt16(frame[51]), replacing: old, by: new)
      (frame[50], frame[51]) = (UInt8(checksum >> 8), UInt8(checksum & 0xff))
      for index in 0..<4 { frame[place + index] = UInt8(truncatingIfNeeded: new >> (24 - 8 * index)) }
      #expect(isRight(frame))
    }
  }

  @Test func `a worker counts every head of the traffic`() throws {
    let worker = try #require(MeasuredWorker(depth: .heads))
    let traffic = HeadTraffic()
    for connection in 0..<HeadTraffic.connections {
      let (client, server) = HeadTraffic.ends(connection)
      let request = traffic.requests[connection]
      var decoder = PacketDecoder()
      for (source, destination, bytes, acknowledged) in [
        (client, server, request, UInt32(1)),
        (server, client, traffic.response, UInt32(1 + request.count)),
      ] {
        let frame = HeadTraffic.frame(
          from: source, to: destination, acknowledgement: acknowledged, payload: bytes)
        #expect(decoder.decode(frame.rawSpan, wireLength: frame.count, link: .ethernet) == .tcp)
        worker.take(
          Segment(
            time: worker.tick(), source: source, destination: destination, sequence: 1,
            acknowledgement: acknowledged, payloadLength: UInt32(bytes.count),
            flags: Segment.Flags(rawValue: 24), kind: .start), bytes.rawSpan)
      }
    }
    #expect(worker.heads == UInt64(2 * HeadTraffic.connections))
    #expect(worker.exchanges == UInt64(HeadTraffic.connections))
  }
}

extension String {
  /// The number of times that a text is in this one.
  fileprivate func occurrences(of text: String) -> Int { matches(of: Regex { text }).count }
}
