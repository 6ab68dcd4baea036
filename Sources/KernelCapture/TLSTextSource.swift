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
  /// When the ring was last seen empty, on the capture clock.
  private var lastEmpty: UInt64
  /// Where the ring ended when the capture was stopped; nil before.
  private var last: UInt64?

  init(ring: RingMemory, clock: CaptureClock, life: CaptureLife, seed: UInt64) {
    (self.ring, self.clock, self.life, lastEmpty) = (ring, clock, life, clock.now)
    connections = TLSConnections(clockOffset: clock.fromKernel, seed: seed)
  }

  package var now: UInt64? { clock.now }

  package let hasPackets = false

  /// Heads alone, and of HTTP/2 all but bodies.
  package var depth: CaptureDepth? { .auto }

  /// Segments that were delivered; any thread may ask.
  var delivered: UInt64 { segments.load(ordering: .relaxed) }

  /// Records that were left out, since the other end of their connection is here too; any thread may ask.
  var copies: UInt64 { others.load(ordering: .relaxed) }

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
    var count = drain(body)
    if count == 0 {
      if isStopped { return .ended }
      if timeout != 0 {
        wait(timeout)
        count = drain(body)
      }
    }
    return .delivered(count)
  }

  /// Sleeps until the kernel wakes the ring's reader, the capture is stopped, or the time is over.
  private func wait(_ timeout: Int32) {
    var polls = [
      pollfd(fd: ring.descriptor.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: life.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    // Reads and writes the entries that it is given; whatever it says, the ring is looked at next.
    _ = unsafe poll(&polls, nfds_t(polls.count), timeout)
  }

  /// Delivers what the ring holds now; the number of its records.
  private func drain(_ body: (borrowing Segment, RawSpan) -> Void) -> Int {
    let before = clock.now
    let end = ring.produced
    var position = ring.consumed
    var count = 0, delivered = 0, copies = 0
    let now = clock.now
    connections.clockOffset = clock.fromKernel
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
        let captured = min(Int(record.captured), Int(size) - head)
        // Borrowed from the ring until the record is given back, which is after `body` has returned.
        let text = unsafe RawSpan(_unsafeStart: bytes.advanced(by: head), byteCount: captured)
        let made = connections.deliver(record, text, body)
        delivered += made
        if made == 0, record.kind != UInt8(TLS_CLOSED) { copies += 1 }
        count += 1
      }
      position &+= RingHeader.span(size)
      ring.release(position)
    }
    ring.release(position)
    if position == end { lastEmpty = before }
    segments.wrappingAdd(UInt64(delivered), ordering: .relaxed)
    others.wrappingAdd(UInt64(copies), ordering: .relaxed)
    return count
  }
}
