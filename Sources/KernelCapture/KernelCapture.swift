// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import Synchronization

/// Live capture by the filter in the kernel: opens it, and hands out one reader a worker thread.
package final class KernelCapture: Sendable {
  private let filter: LoadedFilter
  /// The only reference to the socket, so that letting go of it closes it.
  private let socket: Mutex<PacketSocket?>

  /// Loads and attaches the filter; from then on packets are counted and heads wait in the rings.
  package init(_ options: KernelCaptureOptions) throws(CaptureError) {
    var interface: UInt32 = 0
    if let name = options.interface { interface = try Interfaces.index(of: name) }
    filter = try LoadedFilter(options)
    let socket = try PacketSocket(program: filter.object.program)
    try socket.bind(interface: interface)
    self.socket = Mutex(socket)
  }

  deinit { stop() }

  /// The sources of segments, one for each worker.
  package var readers: [RingReader] { filter.readers }

  /// Bytes of each ring, as it came to be.
  package var ringBytes: Int { filter.ringBytes }

  /// What was done otherwise than asked, in words.
  package var notices: [String] { filter.notices }

  /// What the filter has counted so far. Needs no privilege; any thread may ask.
  package func counters() -> CaptureCounters { filter.counters.sum() }

  /// Takes the filter off. When this returns no packet is in it any more: the readers deliver what
  /// is left and then end, and the ledger balances exactly.
  package func stop() {
    // Closing a packet socket waits for those who are in its filter: packet_release, synchronize_net.
    socket.withLock { $0 = nil }
    filter.life.stop()
  }
}
