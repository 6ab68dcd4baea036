// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import CHTTPFilter
internal import CLibbpf
internal import Glibc
internal import Synchronization
internal import System

/// One worker's end of a ring: turns the filter's records into segments, without copying them.
///
/// Used by one thread at a time. Nothing is allocated, retained or dispatched per record but the
/// caller's closure.
package final class RingReader: SegmentSource, @unchecked Sendable {
  // Sendable: it is handed to the one thread that uses it; only `life` is shared with others.

  /// Bytes after which records are given back, so that a long drain does not hold up the kernel.
  private static let batch: UInt64 = 128 << 10

  /// Bytes after a record that are asked for before it is delivered: two or three records; more is no better.
  private static let lookahead: UInt64 = 1_024

  let ring: RingMemory
  private let clock: CaptureClock
  private let life: CaptureLife
  private let batch: UInt64
  package let hint: ((borrowing Segment, DepthHint) -> Void)?
  package let answer: ((borrowing Segment, UInt32) -> Void)?
  /// The time when the ring was last seen empty, on the capture clock.
  private var lastEmpty: UInt64
  /// Records that could not be believed; the filter sends none.
  package private(set) var unreadable: UInt64 = 0
  private var fragments: FragmentReader?
  private let clients: SeenClients?
  private let joinedSegments = Atomic<UInt64>(0)
  private let refusedFragments = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - fragments: who reads the segments in IP datagrams that come in fragments; nil when nobody does.
  ///   - clients: where those of TLS are noted.
  init(
    ring: RingMemory, clock: CaptureClock, life: CaptureLife, marks: DepthMarks? = nil,
    answers: FrameAnswers? = nil, fragments: FragmentReader? = nil, clients: SeenClients? = nil
  ) {
    (self.fragments, self.clients) = (fragments, clients)
    answer = answers.map { answers in { segment, boundary in answers.note(boundary, to: segment) } }
    hint = marks.map { marks in { segment, hint in marks.note(hint, for: segment) } }
    self.ring = ring
    self.clock = clock
    lastEmpty = clock.now
    self.life = life
    batch = min(Self.batch, UInt64(ring.capacity / 4))
  }

  package var now: UInt64? { clock.now }

  /// Segments that were delivered out of datagrams put together; any thread may ask.
  var joined: UInt64 { joinedSegments.load(ordering: .relaxed) }

  /// Fragments that were left out, since their datagrams were in too many parts; any thread may ask.
  var refused: UInt64 { refusedFragments.load(ordering: .relaxed) }

  /// Size of the ring, and how much of it waits to be read; any thread may ask.
  package var fill: CaptureGauges.Ring {
    // The consumer first: it never overtakes a producer that is read later.
    let consumed = ring.consumed
    let waiting = ring.produced &- consumed
    return CaptureGauges.Ring(bytes: ring.capacity, used: Int(min(waiting, UInt64(ring.capacity))))
  }

  package func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    try receive(timeout: timeout, ahead: { _ in }, body)
  }

  package func receive(
    timeout: Int32, ahead: (UpcomingSegment) -> Void, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    // Read before the ring: what was sent before the filter went away is then delivered first.
    let stopped = life.isStopped
    var count = drain(ahead, body)
    if count == 0 {
      if stopped {
        let rest = finishFragments(body)
        return rest > 0 ? .delivered(rest) : .ended
      }
      if timeout != 0 {
        try wait(timeout)
        // Also after a time-out: the filter wakes nobody for a few records.
        count = drain(ahead, body)
      }
    }
    return .delivered(count)
  }

  /// Sleeps until the kernel wakes the ring's readers, the capture is stopped, or the time is over.
  private func wait(_ timeout: Int32) throws(CaptureError) {
    var polls: [2 of pollfd] = [
      pollfd(fd: ring.descriptor.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: life.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    var entries = polls.mutableSpan
    // Reads and writes the two local entries.
    let status = unsafe entries.withUnsafeMutableBufferPointer {
      unsafe Glibc.poll($0.baseAddress, nfds_t($0.count), timeout)
    }
    if status < 0 {
      let fault = SystemError.last
      if fault.code != EINTR && fault.code != EAGAIN {
        throw CaptureError(.unavailable, "cannot wait for the ring: \(fault.reason)")
      }
    }
  }

  /// Delivers what the ring holds now.
  private func drain(
    _ ahead: (UpcomingSegment) -> Void, _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int {
    let before = clock.now
    let end = ring.produced
    var position = ring.consumed
    // Read after the ring: nothing that is in it was stamped later.
    let now = position == end ? before : clock.now
    var offset = clock.fromKernel
    var released = position
    var fetched = position
    var count = 0
    var scout = RingScout(from: position, to: end)
    while position != end {
      scout.look(ring, ahead)
      let header = ring.header(at: position)
      // Still being written. Those behind it wait: the ring gives back in order.
      if header & RingHeader.busy != 0 { break }
      let size = UInt64(header & RingHeader.length)
      guard size &+ RingHeader.size <= end &- position else {
        unreadable &+= 1
        position = end
        break
      }
      let wanted = min(position &+ size &+ Self.lookahead, end)
      if fetched < wanted {
        ring.prefetch(from: max(fetched, position), to: wanted)
        fetched = wanted
      }
      if header & RingHeader.discarded == 0 {
        if deliver(position, Int(size), &offset, now, body) {
          count &+= 1
        } else if let joined = joinFragment(position, Int(size), &offset, now, body) {
          count &+= joined
        } else {
          unreadable &+= 1
        }
      }
      position &+= RingHeader.span(size)
      if position &- released >= batch {
        ring.release(position)
        released = position
      }
    }
    if position != released { ring.release(position) }
    if position == end { lastEmpty = before }
    return count
  }

  /// Delivers the record of `size` bytes; false if it is not one. `offset` is what is added to its stamp, `now` when the
  /// ring was read.
  @inline(__always)
  private func deliver(
    _ position: UInt64, _ size: Int, _ offset: inout UInt64, _ now: UInt64,
    _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Bool {
    let head = MemoryLayout<httpf_event>.size
    guard size >= head else { return false }
    let bytes = unsafe ring.bytes(at: position)
    // The record has at least these bytes, is aligned to eight, and any bits are valid numbers.
    let event = unsafe bytes.load(as: httpf_event.self)
    guard let kind = Segment.Kind(rawValue: event.kind) else { return false }
    var time = event.time &+ offset
    if !CaptureClock.fits(time, between: lastEmpty, and: now) {
      time = clock.settle(event.time, between: lastEmpty, and: now)
      offset = clock.fromKernel
    }
    var segment = Segment(
      time: time,
      source: Endpoint(
        high: UInt64(bigEndian: event.source.0), low: UInt64(bigEndian: event.source.1),
        port: event.source_port),
      destination: Endpoint(
        high: UInt64(bigEndian: event.destination.0), low: UInt64(bigEndian: event.destination.1),
        port: event.destination_port),
      sequence: event.sequence, acknowledgement: event.acknowledgement,
      payloadLength: event.payload_length, flags: Segment.Flags(rawValue: event.flags), kind: kind,
      direction: Segment.Direction(rawValue: event.direction & 3) ?? .unknown,
      interface: event.interface, question: event.question)
    let captured = min(size &- head, Int(event.payload_length))
    // Borrowed from the ring until the record is given back, which is after `body` has returned.
    let payload = unsafe RawSpan(_unsafeStart: bytes.advanced(by: head), byteCount: captured)
    segment.network = event.network
    segment.endsBoth = event.direction & UInt8(HTTPF_ENDS_BOTH) != 0
    let length = Int(event.direction >> 4) &* 4
    if event.header_sum != 0, captured == Int(event.payload_length),
      length &+ captured <= Segment.longestVerified
    {
      if event.direction & UInt8(HTTPF_IP_WRONG) != 0 {
        segment.checksum = .wrong
      } else {
        var sum = InternetSum()
        sum.add(UInt64(event.header_sum))
        segment.verify(
          Segment.HeaderRest(length: length, sum: sum, checksum: event.checksum), payload)
      }
    }
    if kind == .hello { clients?.note(segment.source, at: time) }
    body(segment, payload)
    return true
  }
}

// MARK: - Fragments

extension RingReader {
  /// Takes the record of a fragment, and delivers the segments that it completes; their number, nil if it is not one.
  @inline(never)
  private func joinFragment(
    _ position: UInt64, _ size: Int, _ offset: inout UInt64, _ now: UInt64,
    _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int? {
    let head = MemoryLayout<httpf_event>.size
    guard size > head else { return nil }
    let bytes = unsafe ring.bytes(at: position)
    // As in `deliver`.
    let event = unsafe bytes.load(as: httpf_event.self)
    guard event.kind == UInt8(HTTPF_FRAGMENT) else { return nil }
    var time = event.time &+ offset
    if !CaptureClock.fits(time, between: lastEmpty, and: now) {
      time = clock.settle(event.time, between: lastEmpty, and: now)
      offset = clock.fromKernel
    }
    let origin = FragmentReader.Origin(
      time: time, network: event.network, interface: event.interface,
      direction: Segment.Direction(rawValue: event.direction & 3) ?? .unknown)
    let packet = unsafe RawSpan(_unsafeStart: bytes.advanced(by: head), byteCount: size &- head)
    var count = 0
    fragments?.read(packet, origin) { segment, payload in
      joinedSegments.wrappingAdd(1, ordering: .relaxed)
      count &+= 1
      body(segment, payload)
    }
    refusedFragments.store(fragments?.refused ?? 0, ordering: .relaxed)
    return count
  }

  /// Delivers what came of datagrams that are not whole, at the end; the number of segments.
  @inline(never)
  private func finishFragments(_ body: (borrowing Segment, RawSpan) -> Void) -> Int {
    var count = 0
    fragments?.finish { segment, payload in
      joinedSegments.wrappingAdd(1, ordering: .relaxed)
      count &+= 1
      body(segment, payload)
    }
    return count
  }
}

/// The lifetime of a capture, which still runs or not: shared by its readers and the thread that stops it.
final class CaptureLife: Sendable {
  private let stopped = Atomic(false)
  /// Readable once the capture has been stopped; -1, which poll(2) passes over, where there is none.
  let descriptor = eventfd(0, Int32(WT_BPF_EVENT))

  deinit { if descriptor >= 0 { close(descriptor) } }

  var isStopped: Bool { stopped.load(ordering: .acquiring) }

  /// To be called once nothing can come any more.
  func stop() {
    stopped.store(true, ordering: .releasing)
    // Wakes the readers; without it they look when their time is over.
    if descriptor >= 0 { _ = eventfd_write(descriptor, 1) }
  }
}
