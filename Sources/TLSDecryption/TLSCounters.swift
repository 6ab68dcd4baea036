// SPDX-License-Identifier: Apache-2.0

/// Why a connection of TLS was not read, or not to its end.
package enum UnreadReason: String, Sendable, CaseIterable {
  /// The key log has none of its secrets.
  case noKey = "no key"
  /// Its handshake is not in the capture, so that nothing tells which secrets are its own.
  case noHandshake = "handshake not captured"
  /// Its version or cipher suite is not read.
  case unsupported = "version or cipher not supported"
  /// After missing packets, or for other reasons, its records could not be decrypted any further.
  case undecryptable
}

/// The counters of the connections on the ports of TLS.
package struct TLSCounters: Equatable, Sendable {
  /// Connections of which a part was seen.
  package var connections: UInt64 = 0
  /// Of those, the connections of which application data was decrypted.
  package var read: UInt64 = 0
  /// Connections that were not read, or not to their end, by reason.
  package var noKey: UInt64 = 0
  package var noHandshake: UInt64 = 0
  package var unsupported: UInt64 = 0
  package var undecryptable: UInt64 = 0
  /// Records that were decrypted.
  package var decryptedRecords: UInt64 = 0
  /// Records that were passed over without being decrypted: bodies.
  package var passedRecords: UInt64 = 0
  /// Records that were lost, wholly or in part, and after which reading continued.
  package var lostRecords: UInt64 = 0

  package init() {}

  mutating func add(_ reason: UnreadReason) {
    switch reason {
    case .noKey: noKey &+= 1
    case .noHandshake: noHandshake &+= 1
    case .unsupported: unsupported &+= 1
    case .undecryptable: undecryptable &+= 1
    }
  }

  package subscript(reason: UnreadReason) -> UInt64 {
    switch reason {
    case .noKey: noKey
    case .noHandshake: noHandshake
    case .unsupported: unsupported
    case .undecryptable: undecryptable
    }
  }
}
