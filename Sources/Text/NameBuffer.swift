// SPDX-License-Identifier: Apache-2.0

/// A scratch area of fixed size that holds the printable names of the heads of one segment.
///
/// The parser writes names into it, the tallies read them out; it never grows and never allocates
/// after it was made.
@safe
@usableFromInline
package final class NameBuffer {
  /// Bytes it holds; a multiple of the space that one head may need.
  @inlinable package static var capacity: Int { 60 * 1024 }

  // Owned by this object from init to deinit; every access is checked against `capacity`.
  @usableFromInline let base: UnsafeMutableRawPointer
  // In memory of its own, so that the hot path needs no exclusivity check: one thread uses the buffer.
  @usableFromInline let used: UnsafeMutablePointer<Int>

  /// Bytes in use.
  @inlinable
  package internal(set) var count: Int {
    @inline(__always) get { unsafe used.pointee }
    @inline(__always) set { unsafe used.pointee = newValue }
  }

  package init() {
    // Bytes below `count` have been written before anybody may read them.
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: Self.capacity, alignment: 16)
    unsafe used = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    unsafe used.initialize(to: 0)
  }

  deinit {
    unsafe base.deallocate()
    unsafe used.deallocate()
  }

  /// Bytes still free.
  @inlinable
  package var free: Int { Self.capacity - count }

  /// Forgets all names.
  @inlinable
  package func reset() { count = 0 }

  /// Forgets the bytes from `mark` on.
  package func truncate(to mark: Int) {
    precondition(mark >= 0 && mark <= count)
    count = mark
  }

  /// Appends the lowest `bytes` bytes, 1 to 8, of a word, the lowest one first; eight must be free.
  @inline(__always)
  func append(_ word: UInt64, _ bytes: Int) {
    precondition(free >= 8)
    // In bounds by the check; what is after the new end is free.
    unsafe base.storeBytes(of: word.littleEndian, toByteOffset: count, as: UInt64.self)
    count &+= bytes
  }

  /// Appends one byte; nothing happens when the buffer is full.
  package func append(_ byte: UInt8) {
    guard count < Self.capacity else { return }
    unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Appends bytes as they are; as many as fit.
  package func append(_ bytes: RawSpan) {
    let length = min(bytes.byteCount, free)
    guard length > 0 else { return }
    unsafe bytes.withUnsafeBytes { source in
      // length > 0, so the source has an address; it fits by the check above.
      if let from = source.baseAddress {
        unsafe (base + count).copyMemory(from: from, byteCount: length)
      }
    }
    count += length
  }

  /// The bytes of a name; valid until the buffer is reset.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  package borrowing func bytes(start: Int, count length: Int) -> RawSpan {
    precondition(start >= 0 && length >= 0 && start + length <= count)
    let span = unsafe RawSpan(_unsafeStart: base + start, byteCount: length)
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}
