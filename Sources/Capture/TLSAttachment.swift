// SPDX-License-Identifier: Apache-2.0

/// Which programs' TLS libraries were attached to at the beginning of a capture.
package struct TLSAttachment: Sendable {
  /// The TLS libraries that processes of one name had mapped.
  package enum Libraries: Equatable, Sendable {
    case nothing
    /// One whose text is read.
    case attached
    /// One of this kind, and none whose text is read.
    case unattached(String)
  }

  /// Since when text is read, capture time.
  package var since: UInt64
  /// By the names of processes.
  package var programs: [String: Libraries]

  package init(since: UInt64, programs: [String: Libraries]) {
    (self.since, self.programs) = (since, programs)
  }
}
