// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import CTLSFilter
internal import Glibc
internal import Synchronization
internal import System

/// The plain text of TLS connections as segments, out of the ring of its program; used by one thread at a time.
package final class TLSTextSource: SegmentSource, @unchecked Sendable {
  // Sendable: it is handed to the one thread that uses it; what others read is atomic.
  private let ring: RingMemory
  private let clock: CaptureClock
  private let life: CaptureLife
  private var connections: TLSConnections
  private let segments = Atomic<UInt64>(0)
  private let others = Atomic<UInt64>(0)
  private let selectedConnections = Atomic<UInt64>(0)
  private let unplacedTexts = Atomic<UInt64>(0)
  /// The text that counts; nil for all.
  private let selection: TextSelection?
  /// The ring's next record waits until it is known whether it counts.
  private var isWaiting = false
  /// The time when the ring was last seen empty, on the capture clock.
  private var lastEmpty: UInt64
  /// Where the ring ended when the capture was stopped; nil before.
  private var last: UInt64?

  /// Milliseconds after which a record that waits is looked at again.
  private static let step: Int32 = 20

  /// - Parameters:
  ///   - selection: chooses by interfaces; nil where all text counts.
  init(
    ring: RingMemory, clock: CaptureClock, life: CaptureLife, seed: UInt64, selection: TextSelection? = nil
  ) {
    (self.ring, self.clock, self.life, lastEmpty) = (ring, clock, life, clock.now)
    self.selection = selection
    connections = TLSConnections(
      clockOffset: clock.fromKernel, seed: seed, network: OwnNetworkNamespace.inode)
    connections.chooser = selection.map { TextChooser($0.choice, $0.clients) }
  }

  package var now: UInt64? { clock.now }

  package let hasPackets = false

  /// Heads alone, and of HTTP/2 all but bodies.
  package var depth: CaptureDepth? { .auto }

  /// Segments that were delivered; any thread may ask.
  var delivered: UInt64 { segments.load(ordering: .relaxed) }

  /// Records that were left out, since the other end of their connection is here too; any thread may ask.
  var copies: UInt64 { others.load(ordering: .relaxed) }

  /// Connections whose text was delivered; any thread may ask.
  var selected: UInt64 { selectedConnections.load(ordering: .relaxed) }

  /// Texts that were left out, since nobody can tell whether they came by a watched interface; any thread may ask.
  var unplaced: UInt64 { unplacedTexts.load(ordering: .relaxed) }

  package func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    // Read before the ring: what was sent before the probes went away is then delivered first.
    let isStopped = life.isStopped
    if isStopped {
      // Where probes stay for seconds, more may come: it is for nobody.
      let last = self.last ?? ring.produced
      self.last = last
      if ring.consumed >= last { return .ended }
    }
    var count = drain(isLast: isStopped, body)
    if count == 0 {
      if isStopped { return .ended }
      if timeout != 0 {
        wait(timeout)
        count = drain(isLast: false, body)
      }
    }
    return .delivered(count)
  }

  /// Sleeps until the kernel wakes the ring's reader, the capture is stopped, or the time is over.
  private func wait(_ timeout: Int32) {
    // A ring with a record that waits is always ready.
    let isWaiting = isWaiting
    let timeout = isWaiting && timeout > Self.step ? Self.step : timeout
    var polls = [
      pollfd(fd: isWaiting ? -1 : ring.descriptor.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: life.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    // Reads and writes the entries that it is given; whatever it says, the ring is looked at next.
    _ = unsafe poll(&polls, nfds_t(polls.count), timeout)
  }

  /// Delivers what the ring holds now, up to a record that waits unless `isLast`; the number of its records.
  private func drain(isLast: Bool, _ body: (borrowing Segment, RawSpan) -> Void) -> Int {
    let before = clock.now
    let end = ring.produced
    var position = ring.consumed
    var count = 0, delivered = 0, copies = 0
    let now = clock.now
    connections.clockOffset = clock.fromKernel
    if let choice = selection?.choice { connections.chooser?.choice = choice }
    // What waits may not fill the ring.
    let mayWait = selection != nil && !isLast && end &- position < UInt64(ring.capacity / 2)
    isWaiting = false
    while position != end {
      let header = ring.header(at: position)
      // Still being written. Those after it wait: the ring gives back in order.
      if header & RingHeader.busy != 0 { break }
      let size = UInt64(header & RingHeader.length)
      guard size &+ RingHeader.size <= end &- position else {
        position = end
        break
      }
      let head = MemoryLayout<tls_record>.size
      if header & RingHeader.discarded == 0, size >= head {
        let bytes = unsafe ring.bytes(at: position)
        // A record of plain numbers, of which any bits are valid, aligned as all records are.
        var record = unsafe bytes.load(as: tls_record.self)
        if !CaptureClock.fits(record.time &+ connections.clockOffset, between: lastEmpty, and: now) {
          let time = clock.settle(record.time, between: lastEmpty, and: now)
          connections.clockOffset = clock.fromKernel
          record.time = time &- connections.clockOffset
        }
        let time = record.time &+ connections.clockOffset, age = now > time ? now - time : 0
        if mayWait, connections.isUndecided(record, age: age) {
          isWaiting = true
          break
        }
        let captured = min(Int(record.captured), Int(size) - head)
        // Borrowed from the ring until the record is given back, which is after `body` has returned.
        let text = unsafe RawSpan(_unsafeStart: bytes.advanced(by: head), byteCount: captured)
        if let made = connections.deliver(record, text, body) {
          delivered += made
          if made == 0, record.kind != UInt8(TLS_CLOSED) { copies += 1 }
        }
        count += 1
      }
      position &+= RingHeader.span(size)
      ring.release(position)
    }
    ring.release(position)
    if position == end { lastEmpty = before }
    segments.wrappingAdd(UInt64(delivered), ordering: .relaxed)
    others.wrappingAdd(UInt64(copies), ordering: .relaxed)
    selectedConnections.store(connections.selected, ordering: .relaxed)
    if let chooser = connections.chooser {
      unplacedTexts.store(chooser.unplaced, ordering: .relaxed)
      if chooser.hasMetNew { selection?.noteNew() }
      connections.chooser?.hasMetNew = false
    }
    return count
  }
}
