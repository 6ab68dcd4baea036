// SPDX-License-Identifier: Apache-2.0

/// Why a capture could not be opened or continued no longer: what, why, and a hint, as text.
package struct CaptureError: Error, Equatable, Sendable {
  /// The kind of fault; it decides the exit status.
  package enum Reason: Sendable {
    /// The process may not do it (exit status 77).
    case notPermitted
    /// No such interface or file (exit status 66).
    case notFound
    /// A capture file is broken (exit status 65).
    case badData
    /// The kernel has no such feature, or refused for another reason (exit status 70).
    case unavailable
  }

  package var reason: Reason
  /// What failed and why: "cannot load the filter: operation not permitted".
  package var message: String
  /// What the operator can do: a command, or nil when there is nothing to advise.
  package var hint: String?

  package init(_ reason: Reason, _ message: String, hint: String? = nil) {
    self.reason = reason
    self.message = message
    self.hint = hint
  }
}
