// SPDX-License-Identifier: Apache-2.0

/// The requests that wait for their final response at one moment.
package struct RequestsInFlight: Equatable, Sendable {
  package var count: UInt64 = 0
  /// The time that the first of them has waited, nanoseconds; nil when none waits.
  package var oldest: UInt64?

  package init(count: UInt64 = 0, oldest: UInt64? = nil) {
    self.count = count
    self.oldest = oldest
  }
}
