// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import CLibbpf
internal import CPrefetch
internal import Glibc
internal import Synchronization
internal import System

/// A BPF ring buffer's pages in this process: the consumer's position, the producer's, the records.
///
/// Pairs with kernel/bpf/ringbuf.c: the kernel reserves under a lock, marks a record busy, fills it
/// and clears the mark with a full barrier. Its data pages are mapped twice in a row, so that a record
/// that wraps can be read in one piece.
@safe final class RingMemory: @unchecked Sendable {
  // Sendable: all that changes is behind atomics, and only one reader moves the consumer's position.
  let descriptor: Descriptor
  let capacity: Int
  private let consumerPages: MappedMemory
  private let producerPages: MappedMemory
  private let data: UnsafeRawPointer
  private let consumer: UnsafePointer<Atomic<UInt64>>
  private let producer: UnsafePointer<Atomic<UInt64>>

  init(_ descriptor: Descriptor, capacity: Int) throws(SystemError) {
    let page = Int(getpagesize())
    self.descriptor = descriptor
    self.capacity = capacity
    consumerPages = try MappedMemory(descriptor.number, offset: 0, bytes: page, writable: true)
    producerPages = try MappedMemory(
      descriptor.number, offset: page, bytes: page + 2 * capacity, writable: false)
    guard let consumer = unsafe consumerPages.word(0), let producer = unsafe producerPages.word(0) else {
      throw SystemError(EINVAL)
    }
    unsafe self.consumer = consumer
    unsafe self.producer = producer
    // The producer's page comes first; both mappings live as long as this object.
    unsafe data = UnsafeRawPointer(producerPages.base.advanced(by: page))
  }

  /// Where the kernel will put the next record: everything before it is in the ring.
  var produced: UInt64 {
    // Acquires what was written before the position moved: the record headers.
    unsafe producer.pointee.load(ordering: .acquiring)
  }

  /// Where the reader stands.
  var consumed: UInt64 {
    // Only the reader itself writes it. Acquires what it did with the records before.
    unsafe consumer.pointee.load(ordering: .acquiring)
  }

  /// Gives all records before `position` back to the kernel.
  ///
  /// Sequentially consistent: a thread that then reads the producer's position, or sleeps until it moves,
  /// must not have looked before the kernel could see this.
  func release(_ position: UInt64) {
    unsafe consumer.pointee.store(position, ordering: .sequentiallyConsistent)
  }

  /// The length word of the record at `position`: its bytes, and whether it is busy or discarded.
  @inline(__always)
  func header(at position: UInt64) -> UInt32 {
    let offset = Int(truncatingIfNeeded: position & UInt64(capacity &- 1)) & ~7
    // In bounds: the offset is less than the capacity, and a header never wraps. Acquires the record's
    // bytes, which the kernel wrote before it cleared the busy bit.
    return unsafe data.advanced(by: offset).assumingMemoryBound(to: Atomic<UInt32>.self).pointee
      .load(ordering: .acquiring)
  }

  /// Asks for the cache lines from `position` up to `end`, of which another processor wrote them.
  @inline(__always)
  func prefetch(from position: UInt64, to end: UInt64) {
    guard position < end else { return }
    // An address that need not be right; within both mappings here.
    var line = unsafe data.advanced(by: Int(truncatingIfNeeded: position & UInt64(capacity &- 1)))
    let last = unsafe line.advanced(by: Int(truncatingIfNeeded: end &- position))
    while unsafe line < last {
      unsafe wt_prefetch(line)
      unsafe line += 64
    }
  }

  /// Whose segment the filter's record of `size` bytes is; nil for what belongs to no connection that is followed.
  @inline(__always)
  func upcoming(at position: UInt64, size: Int) -> UpcomingSegment? {
    guard size >= MemoryLayout<httpf_event>.size else { return nil }
    // The record has at least these bytes, is aligned to eight, and any bits are valid numbers.
    let event = unsafe bytes(at: position).assumingMemoryBound(to: httpf_event.self)
    switch unsafe Segment.Kind(rawValue: event.pointee.kind) {
    case .start, .continuation, .stream: break
    case .hello, .initial, nil: return nil
    }
    return unsafe UpcomingSegment(
      source: Endpoint(
        high: UInt64(bigEndian: event.pointee.source.0), low: UInt64(bigEndian: event.pointee.source.1),
        port: event.pointee.source_port),
      destination: Endpoint(
        high: UInt64(bigEndian: event.pointee.destination.0),
        low: UInt64(bigEndian: event.pointee.destination.1), port: event.pointee.destination_port),
      network: event.pointee.network)
  }

  /// The record's bytes; `count` is at most the capacity.
  @inline(__always)
  func bytes(at position: UInt64) -> UnsafeRawPointer {
    let offset = Int(truncatingIfNeeded: position & UInt64(capacity &- 1)) & ~7
    // In bounds even at the end of the first mapping: the second one follows.
    return unsafe data.advanced(by: offset &+ Int(RingHeader.size))
  }
}

/// The header of a record in a BPF ring buffer: a word with the length and two marks, and a word of the kernel's
/// (linux/bpf.h: BPF_RINGBUF_*; kernel/bpf/ringbuf.c).
///
///     31     30        29                0
///     busy   discarded the record's bytes
enum RingHeader {
  /// BPF_RINGBUF_BUSY_BIT: the kernel is still writing the record.
  static var busy: UInt32 { 1 << 31 }
  /// BPF_RINGBUF_DISCARD_BIT: the record was given up, and is to be passed over.
  static var discarded: UInt32 { 1 << 30 }
  static var length: UInt32 { discarded - 1 }
  /// BPF_RINGBUF_HDR_SZ: bytes of the header.
  static var size: UInt64 { 8 }

  /// Bytes from the header of a record of `bytes` bytes to the next one's: records are aligned to eight.
  @inline(__always)
  static func span(_ bytes: UInt64) -> UInt64 { (bytes &+ size &+ 7) & ~7 }
}
