// SPDX-License-Identifier: Apache-2.0

import ExchangeStream

/// A terminal's colour for how an exchange ended: as screens and logs have them, failures in red.
enum StatusColor: String {
  case success = "\u{1b}[32m"
  case redirection = "\u{1b}[36m"
  case clientError = "\u{1b}[33m"
  case failure = "\u{1b}[31m"

  /// What sets the terminal's own colour again.
  static let end = "\u{1b}[0m"

  /// Nil for what is neither success nor failure: interim statuses, requests whose end nobody knows.
  init?(_ record: ExchangeRecord) {
    switch record.facts.status {
    case 400..<500: self = .clientError
    case _ where record.isFailure: self = .failure
    case 200..<300: self = .success
    case 300..<400: self = .redirection
    default: return nil
    }
  }
}
