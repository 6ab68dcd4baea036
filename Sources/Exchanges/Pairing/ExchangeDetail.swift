// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The details of an event that a reader of single exchanges wants beyond what is counted. It is filled only in a
/// batch that `isDetailed`.
package struct ExchangeDetail: BitwiseCopyable, Sendable {
  /// Characters of the longest target, and of the longest value of another field, that are kept.
  package static let longestTarget = 1_000, longestField = 300

  package var client = Endpoint(high: 0, low: 0, port: 0)
  package var server = Endpoint(high: 0, low: 0, port: 0)
  /// Whose connection it was when `client` asked a proxy, and the port is this one's; of `.request`. Else port 0.
  package var proxy = Endpoint(high: 0, low: 0, port: 0)
  /// The request's target as sent, printable; of `.request`, as are the next four.
  package var target = NameRange()
  package var referer = NameRange()
  package var userAgent = NameRange()
  package var major: UInt8 = 0
  package var minor: UInt8 = 0
  /// Bytes of the response's body, of `.answered` and `.unmatchedResponse`, when `isBodyKnown`.
  package var bodyBytes: UInt64 = 0
  package var isBodyKnown = false

  package init() {}

  init(client: Endpoint, server: Endpoint) {
    self.client = client
    self.server = server
  }
}
