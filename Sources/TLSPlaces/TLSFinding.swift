// SPDX-License-Identifier: Apache-2.0
package import System

/// A file that speaks TLS, and why its text is not read where it is not.
package struct TLSFinding: Equatable, Sendable {
  package var library: TLSLibrary
  /// nil when it is read.
  package var reason: UnreadReason?

  package init(_ library: TLSLibrary, _ reason: UnreadReason? = nil) {
    (self.library, self.reason) = (library, reason)
  }

  /// The file's path, and why it is not read.
  package var text: String { reason.map { "\(library.path): \($0)" } ?? library.path }

  /// Why a file has no probes.
  package enum UnreadReason: Error, Equatable, Sendable {
    /// It cannot be opened or guarded.
    case file(SystemError)
    case isOpenForWriting
    /// Guarding it takes CAP_LEASE.
    case needsLease
    /// The places of its code are not known.
    case places(PlaceFault)
    /// Root has made no events for it, which are what this watch may use.
    case needsEvents
    /// The kernel refuses the probes.
    case probes(SystemError)
    /// Its name leads to another file by now, while processes have it mapped.
    case isReplaced
    /// In the words of the helper process.
    case reported(String)
  }
}

extension TLSFinding.UnreadReason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let error): "it cannot be opened and guarded: \(error.reason)"
    case .isOpenForWriting: "it is open for writing"
    case .needsLease: "guarding it against writers takes CAP_LEASE"
    case .places(let fault): fault.description
    case .needsEvents: "root has made no events for it (wiretally prepare-tls)"
    case .probes(let error): "cannot attach to it: \(error.reason)"
    case .reported(let text): text
    case .isReplaced: "replaced while processes have it mapped; restart them"
    }
  }
}
