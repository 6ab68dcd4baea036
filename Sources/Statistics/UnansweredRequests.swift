// SPDX-License-Identifier: Apache-2.0

/// Requests that ended without a final response, by how they ended.
package struct UnansweredRequests: Equatable, Sendable, BitwiseCopyable {
  /// Their connection ended first.
  package var aborted: UInt64 = 0
  /// The time limit ran out.
  package var timedOut: UInt64 = 0
  /// Whether they were answered is not known.
  package var unknown: UInt64 = 0

  package init(aborted: UInt64 = 0, timedOut: UInt64 = 0, unknown: UInt64 = 0) {
    self.aborted = aborted
    self.timedOut = timedOut
    self.unknown = unknown
  }

  /// All of them.
  package var count: UInt64 { aborted &+ timedOut &+ unknown }

  /// Each with its name in sentences.
  package var named: [(name: String, count: UInt64)] {
    [("aborted", aborted), ("timed out", timedOut), ("unknown", unknown)]
  }

  package mutating func add(_ more: UnansweredRequests) {
    aborted &+= more.aborted
    timedOut &+= more.timedOut
    unknown &+= more.unknown
  }
}
