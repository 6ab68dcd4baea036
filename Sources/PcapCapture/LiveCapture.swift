// SPDX-License-Identifier: Apache-2.0

package import Capture
internal import CPcap
import Glibc
import HTTP1
import Synchronization
import System

/// The settings of a live capture by libpcap.
package struct PcapOptions: Sendable {
  /// The interfaces; none for all of them.
  package var interfaces: [String] = []
  package var ports = PortSet.http
  /// Ports of TLS, of whose connections the hellos' first segments are delivered too; nil for none.
  package var helloPorts: PortSet?
  package var depth = CaptureDepth.heads
  package var direction = CaptureDirection.both
  /// Bytes of the kernel's buffer, of which several interfaces have a part each.
  package var bufferBytes = 32 * 1024 * 1024
  package init() {}
}

/// Live packets by libpcap, with the payload test as a classic filter in the kernel: the fallback where
/// eBPF is unavailable. The only user of libpcap's live half.
@safe
package final class LiveCapture: SegmentSource {
  /// Packets handed on in one call of `receive`.
  private static let batch = 4_096
  /// Nanoseconds between two looks at the interface.
  private static let lookEvery: Int64 = 1_000_000_000

  /// The values that the reporting thread may ask for, as of the last batch; locked once a batch.
  private struct Published {
    var counters = CaptureCounters()
    var outages: [InterfaceOutage] = []
    var renewals = 0
    var names: [String] = []
  }

  private let options: PcapOptions
  /// One for each named interface, or one for all.
  private let interfaces: [LiveInterface]
  private var lastLook: Int64
  private var intake: PacketIntake
  private var joiner = DatagramJoiner()
  /// CLOCK_REALTIME minus CLOCK_MONOTONIC at the start: capture time runs with the monotonic clock.
  private let startOffset: Int64
  private let published = Locked(Published())
  private let isStopped = Atomic<Bool>(false)
  /// Whether the blocks that the kernel was filling at the end have been waited for.
  private var hasWaitedForLast = false

  package init(_ options: PcapOptions) throws(CaptureError) {
    self.options = options
    intake = PacketIntake(
      ports: options.ports, helloPorts: options.helloPorts, depth: options.depth, joinsFragments: true,
      verifies: true)
    let offset = Int64(bitPattern: SystemClock.wallOffset)
    startOffset = offset
    let names: [String?] = options.interfaces.isEmpty ? [nil] : options.interfaces
    var made: [LiveInterface] = []
    for name in names {
      made.append(try LiveInterface(options, name: name, clocks: LiveCapture.clocks(since: offset)))
    }
    interfaces = made
    lastLook = Int64(bitPattern: SystemClock.monotonic.now)
  }

  package var now: UInt64? { SystemClock.monotonic.now &+ UInt64(bitPattern: startOffset) }

  /// Stops the capture; what is buffered can still be received.
  package func stop() {
    // Nothing else is published with it.
    isStopped.store(true, ordering: .relaxed)
  }

  package func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    followInterfaces()
    var delivered = try drain(body)
    if delivered == 0, timeout > 0, !isStopped.load(ordering: .relaxed) {
      // A broken handle would be ready at once, always.
      Self.wait(for: interfaces.filter { !$0.isBroken }, min(timeout, LiveHandle.blockTimeout))
      delivered = try drain(body)
    }
    if delivered == 0, isStopped.load(ordering: .relaxed), !hasWaitedForLast {
      // What came before the end may be in a block that the kernel has not handed over yet: its timeout, and a
      // tick of the kernel's timer.
      hasWaitedForLast = true
      for interface in interfaces where !interface.isBroken {
        Self.wait(for: [interface], LiveHandle.blockTimeout + 10)
      }
      delivered = try drain(body)
    }
    if delivered == 0, hasWaitedForLast {
      for joined in joiner.finish(&intake) {
        delivered &+= 1
        body(joined.segment, joined.payload.rawSpan)
      }
    }
    publish()
    return .delivered(delivered)
  }

  /// Waits until packets of one of them wait, for at most `milliseconds`.
  private static func wait(for interfaces: [LiveInterface], _ milliseconds: Int32) {
    var waiting = interfaces.map { pollfd(fd: $0.handle.descriptor, events: Int16(POLLIN), revents: 0) }
    // poll reads and writes as many entries as are named.
    _ = unsafe poll(&waiting, nfds_t(waiting.count), milliseconds)
  }

  /// What was counted up to the last batch, with libpcap's own loss figures; any thread may ask.
  package var counters: CaptureCounters { published.withLock { $0.counters } }

  /// The named interfaces that are down or away; any thread may ask.
  package var outages: [InterfaceOutage] { published.withLock { $0.outages } }

  /// The number of times that other interfaces have taken the names, and the places, of those watched; any thread may ask.
  package var interfaceRenewals: Int { published.withLock { $0.renewals } }

  /// What the named interfaces are called now, in the order in which they were named; none for all. Any thread may ask.
  package var interfaceNames: [String] { published.withLock { $0.names } }

  private func publish() {
    var counters = intake.counters
    counters.lost = interfaces.reduce(0) { $0 &+ $1.handle.countLost() }
    counters.matched &+= counters.lost
    let now = Published(
      counters: counters, outages: interfaces.compactMap(\.outage),
      renewals: interfaces.reduce(0) { $0 + $1.renewals },
      names: interfaces.compactMap(\.name))
    published.withLock { $0 = now }
  }

  /// Looks once a second whether the interfaces are still those watched.
  private func followInterfaces() {
    let monotonic = Int64(bitPattern: SystemClock.monotonic.now)
    guard monotonic &- lastLook >= Self.lookEvery else { return }
    lastLook = monotonic
    for interface in interfaces { interface.follow(at: now) }
  }

  private func drain(_ body: (borrowing Segment, RawSpan) -> Void) throws(CaptureError) -> Int {
    var count = 0
    for interface in interfaces { count += try drain(interface, body) }
    return count
  }

  private func drain(
    _ interface: LiveInterface, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> Int {
    let handle = interface.handle
    if interface.remainder == nil, isStopped.load(ordering: .relaxed) {
      interface.remainder = CaptureRemainder(stoppedAt: now ?? 0, bufferBytes: options.bufferBytes)
    }
    if interface.isBroken || interface.remainder?.isOver == true { return 0 }
    // Several handles see a forwarded packet more than once: their numbers show it.
    let number = interfaces.count > 1 ? handle.index : 0
    interface.stamps.renew(Self.clocks(since: startOffset))
    for count in 0..<Self.batch {
      var header: UnsafeMutablePointer<pcap_pkthdr>?
      var bytes: UnsafePointer<UInt8>?
      // Both pointers are libpcap's, valid until the next call on the handle.
      let result = unsafe pcap_next_ex(handle.pcap, &header, &bytes)
      if result == 0 {
        // The block that the kernel is filling is not handed over yet.
        interface.stamps.drained(within: Self.lookEvery)
        return count
      }
      guard result == 1, let found = unsafe header, let start = unsafe bytes else {
        if result == -2 { return count }
        try interface.fail(unsafe String(cString: pcap_geterr(handle.pcap)), at: now)
        return count
      }
      let captured = Int(unsafe found.pointee.caplen)
      let seconds = Int64(unsafe found.pointee.ts.tv_sec), fraction = Int64(unsafe found.pointee.ts.tv_usec)
      let time = interface.stamps.time(of: seconds &* 1_000_000_000 &+ fraction) {
        Self.clocks(since: startOffset)
      }
      let packet = unsafe RawSpan(_unsafeStart: start, byteCount: captured)
      if interface.remainder?.contains(packetOf: captured, at: UInt64(bitPattern: time)) == false {
        return count
      }
      let length = Int(unsafe found.pointee.len)
      if intake.read(packet, wireLength: length, link: handle.link, time: UInt64(bitPattern: time)) {
        var segment = intake.segment
        if number != 0 { segment.interface = number }
        body(segment, intake.payload(of: packet))
      } else if intake.isFragment {
        for joined in joiner.join(packet, UInt64(bitPattern: time), &intake) {
          var segment = joined.segment
          if number != 0 { segment.interface = number }
          body(segment, joined.payload.rawSpan)
        }
      }
    }
    return Self.batch
  }

  private static func clocks(since startOffset: Int64) -> StampClock.Reading {
    let monotonic = Int64(bitPattern: SystemClock.monotonic.now)
    return StampClock.Reading(
      drift: Int64(bitPattern: SystemClock.wallOffset) &- startOffset, now: monotonic &+ startOffset)
  }
}
