// SPDX-License-Identifier: Apache-2.0

import Text
import Capture
import Exchanges
import Statistics
import TLSCoverage

extension PageRenderer {
  /// The capture line, and the further classes of the ledger that are not empty.
  func addCapture(_ life: Snapshot, to text: inout ByteText) {
    let capture = life.capture
    let ledger = life.ledger
    text.line(
      "Capture: \(label.backend), \(label.source), packets seen: \(capture.packets), "
        + "segments matched: \(capture.matched), lost: \(capture.lost), duplicates: \(ledger.duplicates)")
    if let filter = label.filter {
      text.line("Only what --filter '\(filter)' passes, left out: \(ledger.filteredOut) segments", indent: 1)
    }
    if let only = label.only {
      text.line(
        "Only requests like --only '\(only)', left out: \(ledger.uncountedRequests) requests, "
          + "\(ledger.uncountedResponses) responses", indent: 1)
    }
    let present = Self.remarks(ledger) + Self.remarks(capture)
    if !present.isEmpty { text.line("\(present.joined(separator: ", "))", indent: 1) }
    if capture.lost > 0 {
      text.line("Segments were lost: every count and rate is \"at least\".", indent: 1)
    }
    for line in life.tls?.lines ?? [] { text.line(line, indent: 1) }
    for sentence in capture.preCaptureDropTexts(label) { text.line("\(sentence).", indent: 1) }
    if life.other.requests > 0 {
      text.line("Requests to sites beyond the table or the list: \(life.other.requests)", indent: 1)
    }
  }

  /// The counters above 0 that pages name.
  private static func remarks<Counters: CounterSet>(_ counters: Counters) -> [String] {
    Counters.counters.compactMap { counter in
      let value = counters[keyPath: counter.field]
      return value > 0 ? counter.pageName.map { "\($0): \(value)" } : nil
    }
  }
}
