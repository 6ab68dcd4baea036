// SPDX-License-Identifier: Apache-2.0

package import Exchanges

/// gRPC calls, and the statuses that they ended with.
///
/// A call that is given up, or whose end is not seen, has no status.
package struct CallTotals: Equatable, BitwiseCopyable, Sendable {
  /// Events by `CallMark.rawValue`.
  private var counts = InlineArray<21, UInt64>(repeating: 0)

  package init() {}

  /// Requests that are calls.
  package var requests: UInt64 { self[.begun] }

  /// Calls with a status, and those whose response ended without one.
  package var ended: UInt64 {
    var sum: UInt64 = 0
    for mark in CallMark.ends { sum &+= self[mark] }
    return sum
  }

  /// Statuses that were seen, by gRPC's name; `(none)` where a response ended without one, `(other)` for those
  /// without a name.
  package var statuses: [NamedCount] {
    CallMark.ends.compactMap { mark in
      self[mark] == 0 ? nil : NamedCount(name: mark.name, count: self[mark])
    }
  }

  /// The marks that are counted, in the order of `values`.
  private static let marks = [CallMark.begun] + CallMark.ends

  /// All counts, for those who keep them; more may be added at the end.
  package var values: [UInt64] { Self.marks.map { self[$0] } }

  /// The counts that `values` returned.
  package init(values: [UInt64]) {
    for (mark, value) in zip(Self.marks, values) { counts[Int(mark.rawValue)] = value }
  }

  package subscript(mark: CallMark) -> UInt64 { counts[Int(mark.rawValue)] }

  @inline(__always)
  package mutating func count(_ mark: CallMark) { counts[Int(mark.rawValue)] &+= 1 }

  package mutating func add(_ other: CallTotals) {
    for place in 0..<CallMark.count { counts[place] &+= other.counts[place] }
  }

  package static func == (a: CallTotals, b: CallTotals) -> Bool {
    for place in 0..<CallMark.count where a.counts[place] != b.counts[place] { return false }
    return true
  }
}
