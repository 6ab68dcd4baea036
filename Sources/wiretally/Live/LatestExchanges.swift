// SPDX-License-Identifier: Apache-2.0

import Capture
import ExchangeStream
import HTTP1
import Reporting
import Screen
import Text

/// The latest exchanges off the exchange stream, for the screen's live list: bounded, the oldest give way.
struct LatestExchanges {
  static let capacity = 1000
  /// Records taken at one go: a flood must not keep the keys waiting.
  private static let bite = 20_000

  private let stream: ExchangeReader
  private let query: QueryPolicy
  private let filter: ExchangeFilter?
  private var records: [ExchangeRecord] = []
  private var next = 0
  /// How many were received so far.
  private var received: UInt64 = 0
  private var isListening = false

  /// - Parameter filter: which exchanges are listed; nil for all.
  init(_ stream: ExchangeReader, query: QueryPolicy, filter: ExchangeFilter? = nil) {
    (self.stream, self.query, self.filter) = (stream, query, filter)
  }

  /// Exchanges that came too fast to be listed.
  var dropped: UInt64 { stream.dropped }

  /// Begins, or ends, to take part: workers note single exchanges only while somebody looks at them.
  mutating func listen(_ isWanted: Bool) {
    guard isWanted != isListening else { return }
    isListening = isWanted
    stream.listen(isWanted)
  }

  /// Takes in what has come.
  mutating func take() {
    for _ in 0..<Self.bite {
      if records.count <= next { records.append(ExchangeRecord()) }
      guard stream.next(into: &records[next]) else { return }
      if let filter, !filter.passes(records[next]) { continue }
      next = (next + 1) % Self.capacity
      received &+= 1
    }
  }

  /// The list, newest first.
  func lines() -> [ExchangeLine] {
    let held = records.count < Self.capacity ? min(next, records.count) : Self.capacity
    return (0..<held).map {
      line(records[(next - 1 - $0 + Self.capacity) % Self.capacity], number: received &- UInt64($0))
    }
  }

  private func line(_ record: ExchangeRecord, number: UInt64) -> ExchangeLine {
    let facts = record.facts
    let isUnmatched = facts.outcome == .unmatchedResponse
    var line = ExchangeLine(
      number: number, time: isUnmatched ? facts.endTime : facts.requestTime,
      client: Self.address(facts.client),
      method: isUnmatched ? "-" : record.method, site: record.site,
      path: isUnmatched ? "(response without request)" : query.text(record.bytes(facts.target)),
      status: !facts.hasResponse ? 0 : Int(facts.status), latency: facts.latency)
    (line.clientPort, line.serverPort) = (Int(facts.client.port), Int(facts.server.port))
    line.server = Self.address(facts.server)
    line.version = "\(facts.major).\(facts.minor)"
    line.bytes = facts.isBodyKnown ? facts.bodyBytes : nil
    line.referer = query.text(record.bytes(facts.referer))
    line.userAgent = record.userAgent
    line.isUnmatched = isUnmatched
    return line
  }

  private static func address(_ endpoint: Endpoint) -> String {
    AddressName.text(high: endpoint.high, low: endpoint.low)
  }
}
