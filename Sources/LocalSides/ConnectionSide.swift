// SPDX-License-Identifier: Apache-2.0

/// The side whose connections count, by the end that this machine is: one that has no end here counts always.
package enum ConnectionSide: String, Sendable, CaseIterable {
  case both
  /// Those that this machine has not opened.
  case server
  /// Those that this machine has opened, also to itself.
  case client
}
