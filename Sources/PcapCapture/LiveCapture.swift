// SPDX-License-Identifier: Apache-2.0

package import Capture
internal import CPcap
import Glibc
import HTTP1
import Synchronization
import System

/// What a live capture by libpcap is asked for.
package struct PcapOptions: Sendable {
  /// The interface; nil for all of them.
  package var interface: String?
  package var ports = PortSet.http
  package var depth = CaptureDepth.heads
  package var direction = CaptureDirection.both
  /// Bytes of the kernel's buffer.
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

  /// What the thread that reports may ask for, as of the last batch; locked once a batch.
  private struct Published {
    var counters = CaptureCounters()
    var downSince: UInt64?
    var renewals = 0
    var name: String?
  }

  private let options: PcapOptions
  private let handle: LiveHandle
  /// The handle has failed: its interface went away. It follows the next one of its name.
  private var isBroken = false
  private var downSince: UInt64?
  private var renewals = 0
  /// Nil for all.
  private var interface: WatchedInterface?
  private var lastLook: Int64
  private var intake: PacketIntake
  /// CLOCK_REALTIME minus CLOCK_MONOTONIC at the start: capture time runs with the monotonic clock.
  private let startOffset: Int64
  private var stamps: StampClock
  private let published = Locked(Published())
  private let isStopped = Atomic<Bool>(false)
  /// What is left to be read after `stop`; nil before it.
  private var remainder: CaptureRemainder?
  /// Whether the block that the kernel was filling at the end has been waited for.
  private var hasWaitedForLast = false

  package init(_ options: PcapOptions) throws(CaptureError) {
    self.options = options
    handle = try LiveHandle(options)
    interface = options.interface.map { WatchedInterface($0) }
    interface?.follow(askedOf: handle.descriptor)
    intake = PacketIntake(ports: options.ports, depth: options.depth, verifies: true)
    let offset = Int64(bitPattern: SystemClock.wallOffset)
    startOffset = offset
    stamps = StampClock(LiveCapture.clocks(since: offset))
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
    followInterface()
    var delivered = try drain(body)
    if delivered == 0, timeout > 0, !isStopped.load(ordering: .relaxed) {
      var waiting = pollfd(fd: handle.descriptor, events: Int16(POLLIN), revents: 0)
      // poll reads and writes the one entry it is given. A broken handle would be ready at once, always.
      _ = unsafe poll(&waiting, isBroken ? 0 : 1, min(timeout, LiveHandle.blockTimeout))
      delivered = try drain(body)
    }
    if delivered == 0, isStopped.load(ordering: .relaxed), !hasWaitedForLast, !isBroken {
      // What came before the end may be in a block that the kernel has not handed over yet: its timeout, and a
      // tick of the kernel's timer.
      hasWaitedForLast = true
      var waiting = pollfd(fd: handle.descriptor, events: Int16(POLLIN), revents: 0)
      // poll reads and writes the one entry it is given.
      _ = unsafe poll(&waiting, 1, LiveHandle.blockTimeout + 10)
      delivered = try drain(body)
    }
    publish()
    return .delivered(delivered)
  }

  /// What was counted up to the last batch, with libpcap's own loss figures; any thread may ask.
  package var counters: CaptureCounters { published.withLock { $0.counters } }

  /// Since when, on the capture clock, the interface has been down or away; any thread may ask.
  package var interfaceDownSince: UInt64? { published.withLock { $0.downSince } }

  /// How often another interface has taken the name, and the place, of the one watched; any thread may ask.
  package var interfaceRenewals: Int { published.withLock { $0.renewals } }

  /// What the interface is called now; nil for all. Any thread may ask.
  package var interfaceName: String? { published.withLock { $0.name } }

  private func publish() {
    var counters = intake.counters
    counters.lost = handle.countLost()
    counters.matched &+= counters.lost
    let now = Published(counters: counters, downSince: downSince, renewals: renewals, name: interface?.name)
    published.withLock { $0 = now }
  }

  /// Looks once a second whether the interface is still the one watched; one that was re-created under
  /// its name is taken in its place.
  private func followInterface() {
    let monotonic = Int64(bitPattern: SystemClock.monotonic.now)
    guard interface != nil, monotonic &- lastLook >= Self.lookEvery else { return }
    lastLook = monotonic
    interface?.follow(askedOf: handle.descriptor)
    guard let name = interface?.name, let state = handle.state(of: name), state.isUp else {
      if downSince == nil { downSince = now }
      return
    }
    if isBroken || state.index != handle.index {
      // Not yet: it is tried again in a second.
      let isOther = state.index != handle.index
      guard handle.follow(state) else { return }
      if isOther { renewals += 1 }
      isBroken = false
    }
    downSince = nil
  }

  private func drain(_ body: (borrowing Segment, RawSpan) -> Void) throws(CaptureError) -> Int {
    if remainder == nil, isStopped.load(ordering: .relaxed) {
      remainder = CaptureRemainder(stoppedAt: now ?? 0, bufferBytes: options.bufferBytes)
    }
    if isBroken || remainder?.isOver == true { return 0 }
    stamps.renew(Self.clocks(since: startOffset))
    for count in 0..<Self.batch {
      var header: UnsafeMutablePointer<pcap_pkthdr>?
      var bytes: UnsafePointer<UInt8>?
      // Both pointers are libpcap's, valid until the next call on the handle.
      let result = unsafe pcap_next_ex(handle.pcap, &header, &bytes)
      if result == 0 {
        // The block that the kernel is filling is not handed over yet.
        stamps.drained(within: Self.lookEvery)
        return count
      }
      guard result == 1, let found = unsafe header, let start = unsafe bytes else {
        if result == -2 { return count }
        try fail(unsafe String(cString: pcap_geterr(handle.pcap)))
        return count
      }
      let captured = Int(unsafe found.pointee.caplen)
      let seconds = Int64(unsafe found.pointee.ts.tv_sec), fraction = Int64(unsafe found.pointee.ts.tv_usec)
      let time = stamps.time(of: seconds &* 1_000_000_000 &+ fraction) { Self.clocks(since: startOffset) }
      let packet = unsafe RawSpan(_unsafeStart: start, byteCount: captured)
      if remainder?.contains(packetOf: captured, at: UInt64(bitPattern: time)) == false { return count }
      let length = Int(unsafe found.pointee.len)
      if intake.read(packet, wireLength: length, link: handle.link, time: UInt64(bitPattern: time)) {
        let segment = intake.segment
        body(segment, intake.payload(of: packet))
      }
    }
    return Self.batch
  }

  private static func clocks(since startOffset: Int64) -> StampClock.Reading {
    let monotonic = Int64(bitPattern: SystemClock.monotonic.now)
    return StampClock.Reading(
      drift: Int64(bitPattern: SystemClock.wallOffset) &- startOffset, now: monotonic &+ startOffset)
  }

  /// An interface that is watched by name may come back; whatever else fails is the end.
  private func fail(_ why: String) throws(CaptureError) {
    guard options.interface != nil else { throw CaptureError(.unavailable, "the capture ended: \(why)") }
    isBroken = true
    if downSince == nil { downSince = now }
  }
}
