// SPDX-License-Identifier: Apache-2.0

package import Capture
import System
package import TLSRecords

/// Receives segments of text.
typealias SegmentReceiver = (borrowing Segment, RawSpan) -> Void

/// Receives what becomes of each connection, by its ends.
package protocol ConnectionObserver: AnyObject {
  /// A client's hello was read: again, when the server asked for another one.
  func didRead(_ hello: ClientHello, client: Endpoint, server: Endpoint, at time: UInt64)
  /// Application data was decrypted for the first time.
  func didDecrypt(client: Endpoint, server: Endpoint, at time: UInt64)
  /// The connection is not read, or not any further.
  func didFail(client: Endpoint, server: Endpoint, _ reason: UnreadReason)
}

/// The state that all connections share: keys, counters, memory for a record's text.
final class DecryptionContext {
  /// The number of names of servers that are kept of connections which were not read.
  private static let longestList = 1_000

  let keys: KeyStore
  var counters = TLSCounters()
  /// The text of the record in work.
  var text = [UInt8](repeating: 0, count: RecordHeader.longestBody)
  var bodyAhead: ((borrowing Segment) -> UInt64)?
  /// Receives what becomes of connections; nil where nobody asks.
  var observer: (any ConnectionObserver)?
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
