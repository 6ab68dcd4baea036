// SPDX-License-Identifier: Apache-2.0

/// The state of sending alerts on by one of the ways that were asked for.
package struct DeliveryState: Equatable, Sendable {
  /// The option that asked for it.
  package var name: String
  /// Deliveries that worked, that did not, and alerts given up without a try.
  package var delivered: UInt64
  package var failed: UInt64
  package var dropped: UInt64
  /// Alerts still to be delivered.
  package var pending: UInt64
  /// What went wrong last; nil while everything works.
  package var fault: String?

  package init(
    name: String, delivered: UInt64 = 0, failed: UInt64 = 0, dropped: UInt64 = 0, pending: UInt64 = 0,
    fault: String? = nil
  ) {
    (self.name, self.delivered, self.failed) = (name, delivered, failed)
    (self.dropped, self.pending, self.fault) = (dropped, pending, fault)
  }
}
