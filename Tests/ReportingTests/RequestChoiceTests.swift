// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Statistics
import System
import Testing

@testable import Reporting

/// Which requests count by `--only`, from the segments to the totals.
@Suite struct RequestChoiceTests {
  /// What one worker counts of a conversation.
  private struct Counted {
    var life = Snapshot()
    /// Times of the oldest request that waits: of those that count, and of all.
    var oldest: (counted: UInt64?, all: UInt64?)
    var waiting = 0

    /// - Parameter messages: each a request or, after a `<`, a response.
    init(_ condition: String, _ messages: [String], isFinished: Bool = true) throws {
      var limits = ExchangeLimits.file
      limits.pendingRequests = 64
      let filter = try ExchangeFilter(condition, about: .request)
      let choice = try RequestChoice(filter, pendingExchanges: limits.pendingRequests)
      let exchange = try TallyExchange(budgets: StatisticsBudgets(pendingExchanges: limits.pendingRequests))
      let plan = try IntervalPlan(interval: 10_000_000_000)
      let writer = try TallyWriter(exchange, plan: plan)
      let timeline = try Timeline([exchange], plan: plan)
      var tracker = ExchangeTracker(limits: limits, depth: .streams, seed: 7)
      tracker.batch.isDetailed = choice.needsDetails
      var talk = Dialogue()
      talk.open()
      for message in messages {
        if message.hasPrefix("<") { talk.answer(String(message.dropFirst())) } else { talk.ask(message) }
      }
      for packet in talk.packets {
        if writer.isTickOver(packet.segment.time) {
          writer.turn(at: packet.segment.time, ledger: tracker.counters)
        }
        tracker.process(packet.segment, packet.payload.rawSpan)
        choice.apply(to: &tracker.batch)
        writer.record(tracker.batch)
        tracker.batch.clear()
      }
      oldest = (tracker.oldestInFlight(where: choice.counts), tracker.oldestInFlight)
      var waiting = 0
      tracker.eachInFlight { request, _ in if choice.counts(request) { waiting += 1 } }
      self.waiting = waiting
      tracker.finish()
      choice.apply(to: &tracker.batch)
      writer.record(tracker.batch)
      var ledger = tracker.counters
      choice.note(in: &ledger)
      writer.close(ledger: ledger)
      while timeline.nextInterval(capture: CaptureCounters()) != nil {}
      _ = timeline.finish(capture: CaptureCounters())
      life = timeline.summary(capture: CaptureCounters())
      life.capture.matched = ledger.delivered
    }

    /// Whether each request that counts is in one place, and each head.
    var isBalanced: Bool {
      let totals = life.totals
      return totals.requests == totals.exchanges + totals.unanswered.count + life.inFlight.count
        && life.imbalance == nil
    }
  }

  private static func get(_ path: String, _ site: String, _ method: String = "GET") -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: \(site)\r\n\r\n"
  }

  private static func answer(_ status: Int) -> String { "<HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n" }

  /// Six requests, of which the last two wait; the client is that of `Dialogue`.
  private static let messages = [
    get("/healthz", "shop.example"), answer(200), get("/cart?x=1", "shop.example", "POST"), answer(503),
    get("/cart", "api.example"), answer(200), get("/x", "Shop.example", "BREW"), answer(404),
    get("/healthz", "shop.example"), get("/cart/2", "shop.example"),
  ]

  @Test(arguments: [
    // The condition; requests, successes, failures and those in flight.
    ("site=shop.example", 5, 1, 2, 2), ("not site=shop.example", 1, 1, 0, 0),
    ("not path=/healthz", 4, 1, 2, 1), ("path=/cart", 2, 1, 1, 0), ("path~^/cart", 3, 1, 1, 1),
    ("method=POST", 1, 0, 1, 0), ("method~^(POST|BREW)$", 2, 0, 2, 0), ("method!=GET", 2, 0, 2, 0),
    ("method=*E*", 5, 2, 1, 2), ("client=*", 6, 2, 2, 2), ("client=192.0.2.99", 0, 0, 0, 0),
    ("site=shop.example and not (path=/healthz or method=BREW)", 2, 0, 1, 1),
    ("site=nobody.example or path=/x", 1, 0, 1, 0), ("site=*.example and site!=api.*", 5, 1, 2, 2),
  ])
  func `what a condition chooses counts, with what becomes of it, and all identities hold`(
    condition: String, requests: UInt64, successes: UInt64, failures: UInt64, waiting: UInt64
  ) throws {
    let counted = try Counted(condition, Self.messages)
    let totals = counted.life.totals
    #expect(totals.requests == requests && totals.successes == successes && totals.failures == failures)
    #expect(counted.life.inFlight.count == waiting && counted.waiting == Int(waiting))
    #expect(counted.isBalanced, "\(counted.life.imbalance ?? "in flight")")
    #expect(counted.life.ledger.uncountedRequests == 6 - requests)
    #expect(counted.life.ledger.uncountedResponses == 4 - successes - failures)
    #expect(counted.life.sites.reduce(0) { $0 + $1.requests } == requests)
    #expect(counted.life.clients.reduce(0) { $0 + $1.requests } == requests)
    #expect(counted.life.methods.reduce(0) { $0 + $1.count } == requests)
  }

  @Test func `the client's address is compared as it is written`() throws {
    #expect(try Counted("client=10.0.0.1", Self.messages).life.totals.requests == 6)
  }

  @Test func `the longest wait is that of a request that counts`() throws {
    let all = try Counted("client=*", Self.messages), some = try Counted("path=/cart/*", Self.messages)
    #expect(all.oldest.counted == all.oldest.all && some.oldest.all == all.oldest.all)
    let first = try #require(some.oldest.all), counted = try #require(some.oldest.counted)
    #expect(counted > first)
    #expect(try Counted("path=/x", Self.messages).oldest.counted == nil)
  }

  @Test func `a response without a request is left out, and interim ones go with their request`() throws {
    let interim = "<HTTP/1.1 100 Continue\r\n\r\n"
    let messages = [
      Self.answer(200), Self.get("/a", "a"), interim, Self.answer(200), Self.get("/b", "b"), interim,
      Self.answer(500),
    ]
    let counted = try Counted("path=/a", messages), totals = counted.life.totals
    #expect(totals.requests == 1 && totals.responses == 2 && totals.interim == 1)
    #expect(totals.unmatchedResponses == 0 && counted.life.ledger.uncountedResponses == 3)
    #expect(counted.isBalanced, "\(counted.life.imbalance ?? "in flight")")
  }

  @Test func `a place that was a request's and is another's is compared again`() throws {
    var messages: [String] = []
    for number in 0..<200 { messages += [Self.get(number % 3 == 0 ? "/a" : "/b", "a"), Self.answer(200)] }
    let counted = try Counted("path=/a", messages)
    #expect(counted.life.totals.exchanges == 67 && counted.isBalanced)
  }

  @Test(arguments: [
    ("status=503", "status"), ("site=a and latency>1s", "latency"), ("not bytes<5", "bytes"),
  ])
  func `what comes with the answer is refused, with what to do instead`(condition: String, field: String) {
    let error = #expect(throws: ExchangeFilterError.self) { try ExchangeFilter(condition, about: .request) }
    #expect(
      error?.message
        == "a request has no '\(field)' (only site, path, client, method); it counts when it is seen, before its answer; "
        + "--where chooses by the answer what is shown")
    #expect(error?.option == "--only")
  }
}
