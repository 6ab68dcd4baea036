// SPDX-License-Identifier: Apache-2.0

/// The exchanges that a reader of single ones wants to have recorded.
package enum ExchangeInterest: UInt8, Sendable {
  /// Nothing: no text is copied.
  case none
  /// Exchanges that failed, had no answer, or are among the 50 slowest of their second so far.
  case notable
  case all
}
