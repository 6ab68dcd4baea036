// SPDX-License-Identifier: Apache-2.0
import HTTP1
import Capture
import Conversations
import Exchanges
import System
import Text
import Testing

/// What one segment brings about may be more than a batch holds.
@Suite struct BatchTests {
  @Test(arguments: [false, true])
  func `names stay with their events when requests give way in the middle of a batch`(isDetailed: Bool) {
    var limits = ExchangeLimits.file
    limits.pendingRequests = 4
    var tracker = ExchangeTracker(limits: limits, depth: .streams, seed: 7)
    tracker.batch.isDetailed = isDetailed
    let names = Names()
    tracker.spill = { batch in names.take(batch) }
    var talk = Dialogue()
    talk.open()
    // A connection that has been answered has room for more than one request.
    talk.ask(get("/first"))
    talk.answer(ok())
    // Each name is escaped to four times its length: about 60 of these requests fill the batch's names.
    let requests = (0..<200).map { number in
      get(
        "/\(String(repeating: "ä", count: 20 + number % 7))\(number)",
        host: String(repeating: "ö", count: 20 + number % 11) + ".\(number)")
    }
    talk.ask(requests.joined())
    for packet in talk.packets { tracker.process(packet.segment, packet.payload.rawSpan) }
    tracker.finish()
    names.take(tracker.batch)
    names.dropFirst()
    #expect(names.sites.count == 200)
    for (number, site) in names.sites.enumerated() { #expect(site.hasSuffix(".\(number)")) }
    for (number, section) in names.sections.enumerated() { #expect(section.hasSuffix("xa4\(number)")) }
    #expect(names.targets == (isDetailed ? names.sections : []))
    #expect(names.unanswered == 200)
    #expect(tracker.counters.evictedRequests == 196)
  }

  @Test func `segments that are announced, come or not, change nothing`() {
    var talk = Dialogue(), other = Dialogue(clientPort: 50_000)
    talk.open()
    other.open()
    for _ in 0..<20 {
      talk.ask(get("/a"))
      other.ask(get("/b"))
      talk.answer(ok())
      other.answer(ok())
    }
    let packets = (talk.packets + other.packets).sorted { $0.segment.time < $1.segment.time }
    func count(isAnnounced: Bool) -> ExchangeCounters {
      var tracker = ExchangeTracker(limits: ExchangeLimits(), depth: .streams, seed: 7)
      for (number, packet) in packets.enumerated() {
        if isAnnounced {
          let next = packets[min(number + 1, packets.count - 1)].segment
          tracker.expect(
            UpcomingSegment(source: next.source, destination: next.destination, network: next.network))
          tracker.expect(
            UpcomingSegment(source: next.source, destination: next.source, network: UInt32(number)))
        }
        tracker.process(packet.segment, packet.payload.rawSpan)
        tracker.batch.clear()
      }
      tracker.finish()
      return tracker.counters
    }
    #expect(count(isAnnounced: true) == count(isAnnounced: false))
    #expect(count(isAnnounced: true).exchanges == 40)
  }
}

/// The names of all requests, batch by batch.
private final class Names {
  var sites: [String] = [], sections: [String] = [], targets: [String] = []
  var unanswered = 0

  func take(_ batch: borrowing EventBatch) {
    for index in 0..<batch.count {
      let event = batch[index]
      if event.kind == .inFlight || event.kind == .unknown { unanswered += 1 }
      guard event.kind == .request else { continue }
      sites.append(Self.text(batch, event.site))
      sections.append(Self.text(batch, event.section))
      if batch.isDetailed { targets.append(Self.text(batch, batch.detail(index).target)) }
    }
  }

  func dropFirst() {
    sites.removeFirst()
    sections.removeFirst()
    if !targets.isEmpty { targets.removeFirst() }
  }

  private static func text(_ batch: borrowing EventBatch, _ range: NameRange) -> String {
    let bytes = batch.names.bytes(start: Int(range.start), count: Int(range.count))
    return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
  }
}
