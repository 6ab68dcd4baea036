// SPDX-License-Identifier: Apache-2.0

import Capture
import ExchangeStream
import HTTP1
import System
import Screen
import Text

/// The latest exchanges off the exchange stream, for the screen's live list: bounded, the oldest give way.
struct LatestExchanges {
  static let capacity = 1000
  /// Records taken at one go: a flood must not keep the keys waiting.
  private static let bite = 20_000

  private let stream: ExchangeReader
  private var records: [ExchangeRecord] = []
  private var next = 0
  private var isListening = false

  init(_ stream: ExchangeReader) { self.stream = stream }

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
      next = (next + 1) % Self.capacity
    }
  }

  /// The list, newest first.
  func lines() -> [ExchangeLine] {
    let held = records.count < Self.capacity ? min(next, records.count) : Self.capacity
    return (0..<held).map { Self.line(records[(next - 1 - $0 + Self.capacity) % Self.capacity]) }
  }

  private static func line(_ record: ExchangeRecord) -> ExchangeLine {
    let facts = record.facts
    let isUnmatched = facts.outcome == .unmatchedResponse
    return ExchangeLine(
      time: isUnmatched ? facts.endTime : facts.requestTime, client: address(facts.client),
      method: isUnmatched ? "-" : record.method, site: record.site,
      path: isUnmatched ? "(response without request)" : record.target,
      status: facts.outcome == .unanswered ? 0 : Int(facts.status), latency: facts.latency)
  }

  private static func address(_ endpoint: Endpoint) -> String {
    let names = NameBuffer()
    let place = AddressName.append(
      high: endpoint.high, low: endpoint.low, isBracketed: false, to: names)
    let bytes = names.bytes(start: place.start, count: place.count)
    return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
  }
}
