// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import Synchronization
internal import System

/// The slots through which workers tell the filter which connections are to pass whole at depth `auto`: memory that
/// both see, so it takes no system call. The filter's side is `bpf/http_marks.h`.
///
///     tag (32 bits) │ generation (30) │ wish (2)      `user`, written by the slot's one worker
///     tag (32 bits) │ generation (30) │ 0 │ marked    `kernel`, written by the filter
///
/// A wish holds while both words agree but for their last bits: for that connection, until the filter begins the
/// slot's next generation.
struct DepthMarks: Sendable {
  private let memory: MappedMemory
  /// A byte a slot that may have a marked connection: what the filter looks at first.
  private let marked: MappedMemory
  private let seed: UInt64

  /// - Parameter map: the descriptor of the array of `httpf_mark`; `marked`: that of `httpf_marked`.
  init(_ map: Int32, marked: Int32, seed: UInt64) throws(SystemError) {
    self.marked = try MappedMemory(
      marked, offset: 0, bytes: MemoryLayout<httpf_marked>.size, writable: true)
    memory = try MappedMemory(
      map, offset: 0, bytes: Int(HTTPF_MARKS) * MemoryLayout<httpf_mark>.stride, writable: true)
    self.seed = seed
  }

  /// Writes down what is wished for a segment's connection; nothing when its slot is another one's by now.
  func note(_ hint: DepthHint, for segment: borrowing Segment) {
    let place = Self.place(segment.source, segment.destination, seed: seed)
    let offset = place.slot * MemoryLayout<httpf_mark>.stride
    guard let kernel = unsafe memory.word(offset), let user = unsafe memory.word(offset + 8) else { return }
    // Relaxed, both: the words are whole, and nothing else hangs on them.
    let state = unsafe kernel.pointee.load(ordering: .relaxed)
    guard state >> 32 == UInt64(place.tag) else { return }
    let wish = state & ~3 | UInt64(hint.rawValue)
    if unsafe user.pointee.load(ordering: .relaxed) != wish {
      unsafe user.pointee.store(wish, ordering: .relaxed)
    }
    if hint == .mark, let bytes = unsafe marked.word(place.slot & ~7) {
      // After the wish; the byte at its place in memory, whatever the byte order.
      let bit = (UInt64(1) << UInt64((place.slot & 7) * 8)).littleEndian
      _ = unsafe bytes.pointee.bitwiseOr(bit, ordering: .releasing)
    }
  }

  /// The slot of a segment's connection, and the filter's word in it without the last two bits; nil when the slot is
  /// another one's by now.
  func owner(of segment: borrowing Segment) -> (slot: Int, owner: UInt64)? {
    let place = Self.place(segment.source, segment.destination, seed: seed)
    guard let kernel = unsafe memory.word(place.slot * MemoryLayout<httpf_mark>.stride) else { return nil }
    let state = unsafe kernel.pointee.load(ordering: .relaxed)
    return state >> 32 == UInt64(place.tag) ? (place.slot, state & ~3) : nil
  }

  /// The two words of the slot that the connection between two ends has, whosever it is now; for tests.
  func words(of a: Endpoint, _ b: Endpoint) -> (kernel: UInt64, user: UInt64) {
    let offset = place(of: a, b).slot * MemoryLayout<httpf_mark>.stride
    guard let kernel = unsafe memory.word(offset), let user = unsafe memory.word(offset + 8) else {
      return (0, 0)
    }
    return unsafe (kernel.pointee.load(ordering: .relaxed), user.pointee.load(ordering: .relaxed))
  }

  /// The slot of the connection between two ends, and the tag by which it is known there.
  func place(of a: Endpoint, _ b: Endpoint) -> (slot: Int, tag: UInt32) { Self.place(a, b, seed: seed) }

  /// The slot of the connection between two ends, and the tag by which it is known there: `httpf_flow` in
  /// `bpf/http_emit.h`, `httpf_mark_slot` and `httpf_mark_tag` compute the same from the bytes of a packet.
  static func place(_ a: Endpoint, _ b: Endpoint, seed: UInt64) -> (slot: Int, tag: UInt32) {
    let both = mix(end(a, seed) &+ end(b, seed))
    return (Int(both >> 48), UInt32(truncatingIfNeeded: both) | 1)
  }

  private static func end(_ end: Endpoint, _ seed: UInt64) -> UInt64 {
    // As the filter loads them from the packet, in the byte order of the network.
    let isIPv4 = end.high == 0 && end.low >> 32 == 0xffff
    let address =
      isIPv4
      ? UInt64(UInt32(truncatingIfNeeded: end.low).bigEndian)
      : mix(end.high.bigEndian ^ seed) &+ end.low.bigEndian
    return mix((address ^ seed) &+ UInt64(end.port.bigEndian) << 40)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value &* 0x9e37_79b9_7f4a_7c15
    return product ^ product >> 32
  }
}
