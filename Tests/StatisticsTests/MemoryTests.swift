// SPDX-License-Identifier: Apache-2.0
import System
import Capture
import Exchanges
import Foundation
import HTTP1
import Randomness
import Statistics
import Testing

/// A worker and its timeline under hostile traffic: memory stays where it is, numbers stay exact.
@Suite(.serialized) struct MemoryTests {
  /// Resident bytes of this process.
  static func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
  }

  /// Drives requests through a worker; every fourth one is for one of a thousand real sites, by Zipf.
  final class Flood {
    let writer: TallyWriter
    let timeline: Timeline
    var tracker: ExchangeTracker
    var sent: UInt64 = 0
    var truth = [UInt64](repeating: 0, count: 1_000)
    var random = SeededGenerator(seed: 7)
    var time: UInt64 = 1_000_000_000_000
    private var head: [UInt8] = []

    init() throws {
      let limits = ExchangeLimits()
      let plan = try IntervalPlan(interval: 10_000_000_000)
      let tallyExchange = try TallyExchange(
        budgets: StatisticsBudgets(pendingExchanges: limits.pendingRequests))
      writer = try TallyWriter(tallyExchange, plan: plan)
      timeline = try Timeline([tallyExchange], plan: plan)
      tracker = ExchangeTracker(limits: limits, depth: .heads, seed: 11)
      let writer = self.writer
      tracker.spill = { batch in
        for index in 0..<batch.count { writer.record(batch[index], names: batch.names) }
      }
    }

    /// A request from a client and port of its own, half of them answered.
    func send() {
      sent += 1
      time += 100_000
      let bits = random.next()
      let isReal = sent % 4 == 0
      head.removeAll(keepingCapacity: true)
      // Zipf with exponent 1 over 1..1000, by its continuous inverse.
      let rank = min(999, Int(pow(1_001.0, Double(bits >> 11) / Double(1 << 53))) - 1)
      if isReal { truth[rank] += 1 }
      head +=
        "GET /s\(isReal ? rank % 7 : Int(truncatingIfNeeded: bits & 0xffff_ffff)) HTTP/1.1\r\nHost: ".utf8
      if !isReal, sent % 4 == 1 { for _ in 0..<240 { head.append(0x61) } }
      head += (isReal ? "site-\(rank).example" : "h\(sent)-\(bits).example").utf8
      head += "\r\n\r\n".utf8
      let client = Endpoint(ipv4: UInt32(truncatingIfNeeded: sent &* 2_654_435_761), port: UInt16(bits >> 48))
      let server = Endpoint(ipv4: 0x0a00_0001, port: 80)
      let start = UInt32(truncatingIfNeeded: bits), other = UInt32(truncatingIfNeeded: bits >> 32)
      process(
        Segment(
          time: time, source: client, destination: server, sequence: start, acknowledgement: other,
          payloadLength: UInt32(head.count), flags: [.ack, .psh], kind: .start))
      guard sent % 2 == 0 else { return }
      let end = start &+ UInt32(head.count)
      head = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
      process(
        Segment(
          time: time + 50_000, source: server, destination: client, sequence: other, acknowledgement: end,
          payloadLength: UInt32(head.count), flags: [.ack, .psh], kind: .start))
    }

    private func process(_ segment: Segment) {
      if writer.isTickOver(segment.time) {
        tracker.advance(to: segment.time)
        record()
        writer.turn(at: segment.time, ledger: tracker.counters)
        while timeline.nextInterval(capture: CaptureCounters(), top: 20) != nil {}
      }
      let payload = head
      tracker.process(segment, payload.rawSpan)
      record()
    }

    private func record() {
      for index in 0..<tracker.batch.count {
        writer.record(tracker.batch[index], names: tracker.batch.names)
      }
      tracker.batch.clear()
    }

    /// Ends it; the lifetime with its top 20.
    func end() -> Snapshot {
      tracker.finish()
      record()
      writer.close(ledger: tracker.counters)
      while timeline.nextInterval(capture: CaptureCounters(), top: 20) != nil {}
      _ = timeline.finish(capture: CaptureCounters(), top: 20)
      return timeline.summary(capture: CaptureCounters(), top: 20)
    }
  }

  /// Runs a flood; returns the growth of resident memory at the warm-up's end and after it, in bytes.
  static func run(_ requests: UInt64, warmUp: UInt64) throws -> (warm: Int, growth: Int) {
    let before = residentBytes()
    let flood = try Flood()
    while flood.sent < warmUp { flood.send() }
    let warm = residentBytes()
    var highest = warm
    while flood.sent < requests {
      flood.send()
      if flood.sent % 250_000 == 0 { highest = max(highest, residentBytes()) }
    }
    let life = flood.end()
    #expect(life.totals.requests == requests)
    #expect(life.totals.exchanges == requests / 2)
    #expect(life.totals.unanswered.count + life.inFlight.count == requests / 2)
    #expect(life.sites.reduce(0) { $0 + $1.requests - $1.overcountMax } + life.other.requests == requests)
    let ranked = flood.truth.indices.sorted { (flood.truth[$1], $0) < (flood.truth[$0], $1) }
    let top = ranked.prefix(20).map { "site-\($0).example" }
    // Neighbours whose counts Space-Saving cannot tell apart may change places; nobody is missing.
    #expect(Set(life.sites.map(\.name)) == Set(top))
    for site in life.sites {
      let rank = Int(site.name.dropFirst(5).prefix { $0.isNumber }) ?? -1
      guard flood.truth.indices.contains(rank) else { continue }
      let real = flood.truth[rank]
      #expect(site.requests - site.overcountMax <= real && real <= site.requests, "\(site.name)")
    }
    return (warm - before, highest - warm)
  }

  @Test(
    .disabled(
      if: ProcessInfo.processInfo.environment["WIRETALLY_MEASURE"] != nil, "the long one is run instead"))
  func `two hundred thousand hosts, ports and clients leave the totals exact and the top twenty right`()
    throws
  {
    let (warm, growth) = try Self.run(200_000, warmUp: 150_000)
    print("200,000 hostile requests: \(warm >> 10) KiB, then \(growth >> 10) KiB more")
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["WIRETALLY_MEASURE"] != nil,
      "measures a release build: WIRETALLY_MEASURE=1 swift test -c release"))
  func `ten million hosts, ports and clients take less than 64 MiB, flat within 1 MiB`() throws {
    let (warm, growth) = try Self.run(10_000_000, warmUp: 2_500_000)
    print("10 million hostile requests: \(warm >> 10) KiB, then \(growth >> 10) KiB more")
    #expect(warm < 64 << 20)
    #expect(growth < 1 << 20)
  }
}
