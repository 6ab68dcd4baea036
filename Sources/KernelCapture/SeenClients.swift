// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import Synchronization
internal import System

/// The clients of TLS connections whose hellos were seen on the watched interfaces, by address and port, for a minute or two
/// each.
///
/// A container's socket receives by an interface of its own network namespace. Whether its connection came by a watched one shows by
/// its client: translation of a published port changes the server's address alone. Ring readers note, the reader of TLS text
/// asks; both once a connection.
final class SeenClients: Sendable {
  private struct State {
    var latest: Set<Endpoint> = []
    var earlier: Set<Endpoint> = []
    /// Capture time at which the latest ones began.
    var turned: UInt64 = 0
  }

  /// Clients of a turn at most: a flood of hellos shortens the memory, and takes no more of it.
  static let most = 8_192
  /// Nanoseconds of a turn.
  static let turn: UInt64 = 60_000_000_000

  private let isWanted = Atomic(false)
  private let state = Locked(State())

  /// Begins to note.
  func begin() { isWanted.store(true, ordering: .relaxed) }

  /// Notes a hello's client at a capture time, if anybody wants to know.
  func note(_ client: Endpoint, at time: UInt64) {
    guard isWanted.load(ordering: .relaxed) else { return }
    state.withLock { state in
      if state.latest.count >= Self.most || time &- state.turned > Self.turn && time > state.turned {
        (state.earlier, state.latest, state.turned) = (state.latest, [], time)
      }
      state.latest.insert(client)
    }
  }

  /// Whether one of two ends is such a client.
  func contains(_ a: Endpoint, _ b: Endpoint) -> Bool {
    state.withLock { state in
      [a, b].contains { state.latest.contains($0) || state.earlier.contains($0) }
    }
  }
}
