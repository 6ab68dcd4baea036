// SPDX-License-Identifier: Apache-2.0

/// An owner of connections, which serves or asks: a program by its name, and where it runs. All processes of one owner count together.
package struct Owner: Hashable, Sendable {
  /// The name of the process's main thread; printable ASCII.
  package var process: String
  /// The systemd unit, such as `nginx.service`.
  package var unit: String?
  /// The runtime and the short id of the container, such as `docker:0123456789ab`.
  package var container: String?
  /// The unique id of the Kubernetes pod.
  package var pod: String?

  package init(process: String, unit: String? = nil, container: String? = nil, pod: String? = nil) {
    self.process = process
    self.unit = unit
    self.container = container
    self.pod = pod
  }

  /// The owner of what found no place among those that have places.
  package static var other: Owner { Owner(process: "(other)") }

  /// Where it runs: the container, or else the unit.
  package var place: String? { container ?? unit }
}

/// An owner, and its process when it is the only one.
package struct OwnerProcess: Equatable, Sendable {
  package var owner: Owner
  /// In the PID namespace of the machine; nil when several processes have had connections.
  package var process: UInt32?

  package init(owner: Owner, process: UInt32? = nil) {
    self.owner = owner
    self.process = process
  }
}
