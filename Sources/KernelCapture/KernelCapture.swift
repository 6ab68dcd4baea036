// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import System

/// Live capture by the filter in the kernel: opens it, and hands out one reader a worker thread.
package final class KernelCapture: Sendable {
  private let filter: LoadedFilter
  private let runs: FilterRuns
  private let hook: Locked<Hook>

  /// What the filter hangs on.
  private struct Hook {
    /// The only reference to the socket, so that letting go of it closes it; nil once stopped.
    var socket: PacketSocket?
    /// The interface that it is bound to; 0 for all.
    var index: UInt32
    /// Nil for all.
    var interface: WatchedInterface?
    var downSince: UInt64?
    /// How often another interface of the same name has taken its place.
    var renewals = 0
  }

  /// Loads and attaches the filter; from then on packets are counted and heads wait in the rings.
  package init(_ options: KernelCaptureOptions) throws(CaptureError) {
    var index: UInt32 = 0
    if let name = options.interface { index = try Interfaces.index(of: name) }
    filter = try LoadedFilter(options)
    runs = FilterRuns(program: filter.object.program)
    let socket = try PacketSocket(program: filter.object.program)
    // Loopback packets count as they come in (httpf_left_out).
    if options.direction == .inbound || index == Interfaces.loopback { socket.ignoreOutgoing() }
    try socket.bind(interface: index)
    hook = Locked(
      Hook(socket: socket, index: index, interface: options.interface.map { WatchedInterface($0) }))
    followInterface()
  }

  deinit { stop() }

  /// The sources of segments, one for each worker.
  package var readers: [RingReader] { filter.readers }

  /// Bytes of each ring, as it came to be.
  package var ringBytes: Int { filter.ringBytes }

  /// What was done otherwise than asked, in words.
  package var notices: [String] { filter.notices }

  /// Attaches the program that tells which processes the connections on these ports belong to; throws why it cannot.
  package func openOwners(ports: PortSet) throws(CaptureError) -> OwnerTracing {
    try OwnerTracing(ports: ports, clockOffset: filter.clock.fromKernel)
  }

  /// Attaches the program that reads the plain text of TLS libraries; throws why it cannot.
  package func openTLS(ports: PortSet) throws(CaptureError) -> TLSCapture {
    try TLSCapture(ports: ports, clock: filter.clock, life: filter.life)
  }

  /// What the filter has counted so far. Needs no privilege; any thread may ask.
  package func counters() -> CaptureCounters { filter.counters.sum() }

  /// How full the rings are, and what the filter costs. Needs no privilege; any thread may ask.
  package var gauges: CaptureGauges {
    var gauges = CaptureGauges()
    gauges.rings = readers.map(\.fill)
    gauges.runs = runs.runs
    return gauges
  }

  /// Since when, on the capture clock, the interface has been down or away; nil while it is there.
  package var interfaceDownSince: UInt64? { hook.withLock { $0.downSince } }

  /// How often another interface has taken the name, and the place, of the one watched.
  package var interfaceRenewals: Int { hook.withLock { $0.renewals } }

  /// What the named interface is called now; nil for all.
  package var interfaceName: String? { hook.withLock { $0.interface?.name } }

  /// Looks whether the named interface is still the one watched, and if another one has its name by
  /// now, goes over to that. To be called every second or so; needs no privilege.
  ///
  /// An interface that only goes down and up needs no help: the kernel hooks the socket on again. One
  /// that was removed, or went to another namespace and came back as the same, leaves the socket bound to
  /// nothing, for ever. Binding a socket to what it is bound to already does nothing (packet_do_bind).
  package func followInterface() {
    hook.withLock { hook in
      guard let socket = hook.socket, hook.interface != nil else { return }
      if let name = socket.follow(&hook.interface), let state = socket.state(of: name), state.isUp {
        if (try? socket.bind(interface: state.index)) != nil {
          if state.index != hook.index { hook.renewals += 1 }
          hook.index = state.index
          hook.downSince = nil
          return
        }
      }
      if hook.downSince == nil { hook.downSince = filter.clock.now }
    }
  }

  /// Takes the filter off. When this returns no packet is in it any more: the readers deliver what
  /// is left and then end, and the ledger balances exactly.
  package func stop() {
    // Closing a packet socket waits for those who are in its filter: packet_release, synchronize_net.
    hook.withLock { $0.socket = nil }
    filter.life.stop()
  }
}
