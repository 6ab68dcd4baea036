// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CTLSFilter

/// Whose text counts where interfaces are named, and what was left out since nobody can tell.
///
/// A socket is of the interface by which it received, as far as that is clear (`InterfaceChoice`). Where it is not, in another
/// network namespace, on a bond or a bridge, in a tunnel, it is of the interface on which its client's hello was seen. The rings of
/// packets and of text are read one after the other, so text may come first: then it waits.
struct TextChooser {
  var choice: InterfaceChoice
  private let clients: SeenClients
  /// Texts that were left out, since nobody can tell whether their connections came by a watched interface.
  private(set) var unplaced: UInt64 = 0
  /// Text came by an interface that the choice does not know: it may be a new one.
  var hasMetNew = false
  /// Connections that were left out since no hello of theirs was seen.
  private var refused: Set<UInt64> = []

  /// Nanoseconds for which text waits for its connection's hello: readers look at their rings every 80 ms.
  static let patience: UInt64 = 250_000_000
  private static let mostRefused = 4_096

  init(_ choice: InterfaceChoice, _ clients: SeenClients) { (self.choice, self.clients) = (choice, clients) }

  /// Whether text of a connection that was not delivered yet counts.
  mutating func selects(_ record: tls_record) -> Bool {
    let ends = record.ends
    switch choice.verdict(network: ends.network, interface: ends.interface) {
    case .selected: return true
    case .other: return false
    case .unclear: break
    }
    if choice.isNew(network: ends.network, interface: ends.interface) { hasMetNew = true }
    if ends.network != 0 {
      if !refused.contains(record.connection), isSeen(ends) { return true }
      if refused.count >= Self.mostRefused { refused = [] }
      refused.insert(record.connection)
    }
    unplaced &+= 1
    return false
  }

  /// Whether it is too early to tell if a record's connection counts, `age` nanoseconds after it was made.
  func isUndecided(_ record: tls_record, age: UInt64) -> Bool {
    let ends = record.ends
    guard ends.network != 0, record.kind != UInt8(TLS_CLOSED), age < Self.patience,
      choice.verdict(network: ends.network, interface: ends.interface) == .unclear
    else { return false }
    return !refused.contains(record.connection) && !isSeen(ends)
  }

  private func isSeen(_ ends: tls_ends) -> Bool {
    clients.contains(
      Endpoint(
        high: UInt64(bigEndian: ends.local.0), low: UInt64(bigEndian: ends.local.1), port: ends.local_port),
      Endpoint(
        high: UInt64(bigEndian: ends.remote.0), low: UInt64(bigEndian: ends.remote.1), port: ends.remote_port)
    )
  }
}
