// SPDX-License-Identifier: Apache-2.0
package import Capture

/// The options of a kernel capture: what it watches, and how much memory and how many threads it may take.
package struct KernelCaptureOptions: Sendable {
  /// The interfaces' names; none watches all of them, those that appear later included.
  package var interfaces: [String]
  package var ports: PortSet
  /// Ports of TLS, of whose connections the hellos are delivered too; nil for none.
  package var helloPorts: PortSet?
  package var depth: CaptureDepth
  package var direction: CaptureDirection
  /// Whether every SYN and FIN is delivered at depth `auto`: for who writes packets down. Exchanges need few of them.
  package var deliversBare = false
  /// Bytes of each ring; rounded up to a power of two of at least a page.
  package var ringBytes: Int
  /// Rings, and so threads that can read them, over which flows are spread; 1 to 64.
  package var workers: Int
  /// The filter's ELF file in place of the one that is built in; for tests of other compilers' objects.
  package var filterObject: [UInt8]?

  package init(
    interfaces: [String] = [], ports: PortSet = .http, depth: CaptureDepth = .heads,
    direction: CaptureDirection = .both, ringBytes: Int = 16 << 20, workers: Int = 1
  ) {
    self.interfaces = interfaces
    self.ports = ports
    self.depth = depth
    self.direction = direction
    self.ringBytes = ringBytes
    self.workers = workers
  }

  /// The size that a ring of `ringBytes` really gets: the kernel takes powers of two of whole pages.
  package static func roundedRingBytes(_ bytes: Int, page: Int = 4096) -> Int {
    let most = 1 << 30
    var size = max(page, 1)
    while size < min(bytes, most) { size &*= 2 }
    return size
  }
}
