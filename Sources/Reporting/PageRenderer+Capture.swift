// SPDX-License-Identifier: Apache-2.0

import Text
import Capture
import Exchanges
import Statistics

extension PageRenderer {
  /// The capture line, and the further classes of the ledger that are not empty.
  func addCapture(_ life: Snapshot, to text: inout ByteText) {
    let capture = life.capture
    let ledger = life.ledger
    text.line(
      "Capture: \(label.backend), \(label.source), packets seen: \(capture.packets), "
        + "heads matched: \(capture.matched), lost: \(capture.lost), duplicates: \(ledger.duplicates)")
    let classes: [(String, UInt64)] = [
      ("unparseable", ledger.unparseable), ("look-alikes", ledger.falseHeads),
      ("truncated heads", ledger.truncated), ("evicted flows", ledger.evictedFlows),
      ("evicted requests", ledger.evictedRequests), ("skipped bytes", ledger.skippedBytes),
      ("malformed packets", capture.malformed), ("failed tail calls", capture.failedTailCalls),
    ]
    let present = classes.filter { $0.1 > 0 }.map { "\($0.0): \($0.1)" }
    if !present.isEmpty { text.line("\(present.joined(separator: ", "))", indent: 1) }
    if capture.lost > 0 {
      text.line("Segments were lost: every count and rate is \"at least\".", indent: 1)
    }
    for sentence in capture.preCaptureDropTexts(label) { text.line("\(sentence).", indent: 1) }
    if life.other.requests > 0 {
      text.line("Requests to sites beyond the table or the list: \(life.other.requests)", indent: 1)
    }
  }
}
