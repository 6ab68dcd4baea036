// SPDX-License-Identifier: Apache-2.0

import Capture
import TLSCoverage
import TLSDecryption
import TLSRecords

/// Tells the coverage report what became of the connections of files that are decrypted.
final class DecryptionCoverage: ConnectionObserver {
  private let coverage: TLSCoverage

  init(_ coverage: TLSCoverage) { self.coverage = coverage }

  func didRead(_ hello: ClientHello, client: Endpoint, server: Endpoint, at time: UInt64) {
    coverage.note(hello, client: client, server: server, at: time)
  }

  func didDecrypt(client: Endpoint, server: Endpoint, at time: UInt64) {
    coverage.noteRead(client, server, at: time)
  }

  func didFail(client: Endpoint, server: Endpoint, _ reason: UnreadReason) {
    coverage.noteUnread(client, server, .undecrypted(reason.rawValue))
  }
}
