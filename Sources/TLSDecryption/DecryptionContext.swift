// SPDX-License-Identifier: Apache-2.0

import Capture
import System
import TLSRecords

/// Receives segments of text.
typealias SegmentReceiver = (borrowing Segment, RawSpan) -> Void

/// What all connections share: keys, counters, memory for a record's text.
final class DecryptionContext {
  /// The number of names of servers that are kept of connections which were not read.
  private static let longestList = 1_000

  let keys: KeyStore
  var counters = TLSCounters()
  /// The text of the record in work.
  var text = [UInt8](repeating: 0, count: RecordHeader.longestBody)
  var bodyAhead: ((borrowing Segment) -> UInt64)?
  /// Connections that were not read, by reason and name of the server; "" for those that name none.
  private(set) var unread: [UnreadReason: [String: UInt64]] = [:]

  init(keys: KeyStore) { self.keys = keys }

  func note(_ reason: UnreadReason, _ serverName: String?) {
    counters.add(reason)
    let name = serverName ?? ""
    if unread[reason, default: [:]].count < Self.longestList || unread[reason]?[name] != nil {
      unread[reason, default: [:]][name, default: 0] += 1
    }
  }
}
