// SPDX-License-Identifier: Apache-2.0

/// A source of records that say which process has which connection.
///
/// One thread at a time receives; the records are those of `Owners`' `OwnerRecord`.
package protocol OwnerSource: Sendable {
  /// What is added to a record's time for capture time.
  var clockOffset: UInt64 { get }
  /// The inode of the network namespace whose packets are seen.
  var network: UInt32 { get }
  /// The records of the connections that were open when the source was opened, one after the other.
  var listed: [UInt8] { get }
  /// Records that found no place since the start.
  var lost: UInt64 { get }
  /// Whether records wait. Takes no lock; any thread may ask.
  var hasWaiting: Bool { get }
  /// Delivers what waits, without waiting.
  func receive(_ body: (RawSpan) -> Void)
  /// Has the owner of each connection sent again with its next receive.
  func sendAllAgain()
}
