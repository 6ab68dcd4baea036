// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System

/// One exchange as its reader has it: what was asked by whom, and how it ended.
///
/// All texts are printable ASCII. A record that is read into again keeps its memory.
package struct ExchangeRecord: Sendable {
  package private(set) var facts = ExchangeFacts()
  private var texts: [UInt8] = []

  package init() { texts.reserveCapacity(RecordMemory.textRoom) }

  /// The bytes of one of the record's texts: `record.bytes(record.facts.target)`.
  package func bytes(_ range: ExchangeFacts.TextRange) -> ArraySlice<UInt8> {
    let start = min(Int(range.start), texts.count)
    return texts[start..<min(start + Int(range.count), texts.count)]
  }

  /// The site's name; empty when there is none.
  package var site: String { text(facts.site) }
  /// The method's name; empty for an unmatched response.
  package var method: String {
    if facts.outcome == .unmatchedResponse { return "" }
    return facts.method == .other ? text(facts.methodName) : facts.method.name
  }
  /// The request's target as sent: the path with its query, as a rule.
  package var target: String { text(facts.target) }
  /// The fields' values; empty when there was none.
  package var referer: String { text(facts.referer) }
  package var userAgent: String { text(facts.userAgent) }
  /// Whether the exchange failed, or ended without an answer. What is unknown, or in flight, has not.
  package var isFailure: Bool {
    switch facts.outcome {
    case .aborted, .timedOut: true
    case .answered, .unmatchedResponse, .unknown, .inFlight: facts.isFailure
    }
  }

  private func text(_ range: ExchangeFacts.TextRange) -> String {
    String(decoding: bytes(range), as: UTF8.self)
  }

  /// Moves its times by this many nanoseconds, for people to read.
  mutating func move(by shift: Int64) {
    facts.requestTime &+= UInt64(bitPattern: shift)
    facts.endTime &+= UInt64(bitPattern: shift)
  }

  mutating func set(_ facts: ExchangeFacts, texts span: RawSpan) {
    self.facts = facts
    texts.removeAll(keepingCapacity: true)
    for offset in 0..<span.byteCount { texts.append(span.byte(offset)) }
  }
}
