// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import System

/// Live capture by the filter in the kernel: opens it, and hands out one reader a worker thread.
package final class KernelCapture: Sendable {
  private let filter: LoadedFilter
  private let runs: FilterRuns
  /// One for each named interface, or one for all.
  private let hooks: Locked<[InterfaceHook]>
  /// The TLS text that counts; nil where all of it does.
  private let selection = Locked<TextSelection?>(nil)
  /// Those that receive nothing any more: their sockets' numbers are kept as long as the capture (`PacketSocket.rest`).
  private let resting = Locked<[InterfaceHook]>([])

  /// Loads and attaches the filter; from then on packets are counted and heads wait in the rings.
  package init(_ options: KernelCaptureOptions) throws(CaptureError) {
    var places: [(name: String?, index: UInt32)] = options.interfaces.isEmpty ? [(nil, 0)] : []
    for name in options.interfaces { places.append((name, try Interfaces.index(of: name))) }
    filter = try LoadedFilter(options)
    runs = FilterRuns(program: filter.object.program)
    var made: [InterfaceHook] = []
    for place in places {
      made.append(
        try InterfaceHook(
          program: filter.object.program, name: place.name, index: place.index, direction: options.direction))
    }
    hooks = Locked(made)
    followInterfaces()
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
    try OwnerTracing(ports: ports, clock: filter.clock)
  }

  /// Attaches the program that reads the plain text of TLS libraries; throws why it cannot.
  package func openTLS(ports: PortSet) throws(CaptureError) -> TLSCapture {
    let watched = hooks.withLock { Self.watched($0) }
    let selection = watched.map {
      TextSelection(network: OwnNetworkNamespace.inode, watched: $0, clients: filter.clients)
    }
    if selection != nil { filter.clients.begin() }
    let capture = try TLSCapture(
      ports: ports, clock: filter.clock, life: filter.life, selection: selection)
    self.selection.withLock { $0 = selection }
    return capture
  }

  /// What the filter has counted so far. Needs no privilege; any thread may ask.
  package func counters() -> CaptureCounters { filter.counted() }

  /// The nanoseconds by which this process's monotonic clock is ahead of the kernel's.
  package var clockShift: Int64 { filter.clock.shift }

  /// The fill of the rings and the cost of the filter. Needs no privilege; any thread may ask.
  package var gauges: CaptureGauges {
    var gauges = CaptureGauges()
    gauges.rings = readers.map(\.fill)
    gauges.runs = runs.runs
    return gauges
  }

  /// The named interfaces that are down or away.
  package var outages: [InterfaceOutage] { hooks.withLock { $0.compactMap(\.outage) } }

  /// The number of times that other interfaces have taken the names, and the places, of those watched.
  package var interfaceRenewals: Int { hooks.withLock { $0.reduce(0) { $0 + $1.renewals } } }

  /// The numbers of the packet sockets, also of those at rest.
  var sockets: [Int32] { (hooks.withLock { $0 } + resting.withLock { $0 }).map(\.number) }

  /// What the named interfaces are called now, in the order in which they were named; none for all.
  package var interfaceNames: [String] { hooks.withLock { $0.compactMap(\.name) } }

  /// Looks whether the named interfaces are still those watched, and goes over to those that have their names by now.
  /// To be called every second or so; needs no privilege.
  package func followInterfaces() {
    let clock = filter.clock
    let watched = hooks.withLock { hooks in
      for index in hooks.indices { hooks[index].follow { clock.now } }
      return Self.watched(hooks)
    }
    if let watched { selection.withLock { $0 }?.follow(watched) }
  }

  /// The indices of the named interfaces; nil where all are watched, and once the capture has ended.
  private static func watched(_ hooks: [InterfaceHook]) -> Set<UInt32>? {
    hooks.allSatisfy { $0.name == nil } ? nil : Set(hooks.map(\.index))
  }

  /// Takes the filter off. When this returns no packet is in it any more: the readers deliver what
  /// is left and then end, and the ledger balances exactly.
  package func stop() {
    // Coming to rest waits for those who are in the filter, as closing does.
    let stopped = hooks.withLock { hooks in
      defer { hooks = [] }
      return hooks
    }
    resting.withLock { $0 += stopped.filter { $0.rest() } }
    filter.life.stop()
  }
}
