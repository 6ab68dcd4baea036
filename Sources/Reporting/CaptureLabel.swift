// SPDX-License-Identifier: Apache-2.0

/// The source of the traffic, in the words that every page and every JSON line carries.
package struct CaptureLabel: Equatable, Sendable {
  /// The backend: `eBPF`, `libpcap`, `file`.
  package var backend: String
  /// The interface, `all interfaces`, or the files' names.
  package var source: String
  /// The watched ports, as `--port` takes them.
  package var ports: String

  /// The expression of `--filter`; nil without one.
  package var filter: String?
  /// The condition of `--only`; nil without one.
  package var only: String?

  package init(
    backend: String, source: String, ports: String, filter: String? = nil, only: String? = nil
  ) {
    (self.filter, self.only) = (filter, only)
    self.backend = backend
    self.source = source
    self.ports = ports
  }
}
