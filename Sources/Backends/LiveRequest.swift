// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The properties that a live capture is asked for.
package struct LiveRequest: Sendable {
  package var backend: BackendChoice
  /// The interfaces' names; none for all interfaces.
  package var interfaces: [String]
  package var ports: PortSet
  package var depth: CaptureDepth
  package var direction: CaptureDirection
  /// Packets are written to files: what tells nothing of exchanges is delivered as well.
  package var isWriting = false
  /// The number of workers, each with a source of its own; libpcap has one.
  package var workers: Int
  /// Bytes of each ring, or of libpcap's buffer.
  package var ringBytes: Int

  /// Ports of the connections whose plain text is read at TLS libraries; nil when none is.
  package var tlsPorts: PortSet?
  /// Ports of TLS, of whose connections the hellos are delivered too; nil for none.
  package var helloPorts: PortSet?

  /// The ports whose connections' ends are looked for.
  package var allPorts: PortSet {
    [tlsPorts, helloPorts].reduce(ports) { all, more in more.map { all.union($0) } ?? all }
  }

  /// Where packets come from, for people.
  package var source: String {
    interfaces.isEmpty ? "all interfaces" : interfaces.joined(separator: ", ")
  }

  package init(
    backend: BackendChoice, interfaces: [String], ports: PortSet, depth: CaptureDepth,
    direction: CaptureDirection, workers: Int, ringBytes: Int,
    tlsPorts: PortSet? = nil, helloPorts: PortSet? = nil
  ) {
    self.backend = backend
    self.interfaces = interfaces
    self.ports = ports
    self.depth = depth
    self.direction = direction
    self.workers = workers
    self.ringBytes = ringBytes
    self.tlsPorts = tlsPorts
    self.helloPorts = helloPorts
  }
}

/// The backend that is asked for.
package enum BackendChoice: String, Sendable, CaseIterable {
  /// eBPF, and libpcap where that is unavailable.
  case auto
  case ebpf, pcap
}
