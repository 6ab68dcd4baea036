// SPDX-License-Identifier: Apache-2.0
import CPrefetch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A fixed number of elements in memory of its own that begins as zeros and costs nothing until touched.
///
/// Tables that every head uses lie in such storage: reserved once at start, so that the hot path never
/// allocates, and made resident by the kernel page by page, so that a quiet network costs little. It is not safe to
/// share between threads; its owners say who may use it when.
///
/// Invariant: `Element` consists of integers alone, so that zero bytes are a value of it.
@safe
@usableFromInline
package struct ZeroedStorage<Element: BitwiseCopyable>: ~Copyable {
  // Owned from init to deinit; every access is checked against `count`.
  @usableFromInline let base: UnsafeMutablePointer<Element>
  @usableFromInline package let count: Int

  /// Reserves this many elements, at least 1; throws when the system refuses the address space.
  package init(reserving count: Int) throws(SystemError) {
    let bytes = Self.bytes(count)
    // Private anonymous memory: zeros, page-aligned, refused only when address space runs out.
    let mapping = unsafe mmap(
      nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
      throw SystemError.last
    }
    #if os(Linux)
      // A huge page would make 2 MiB resident for the first name; refusal is harmless.
      _ = unsafe madvise(mapping, bytes, MADV_NOHUGEPAGE)
    #endif
    // The mapping is aligned to a page and bound to this one type for its life.
    unsafe self.base = mapping.bindMemory(to: Element.self, capacity: max(1, count))
    self.count = count
  }

  deinit {
    // The same length as mapped; failure would only mean a leak.
    _ = unsafe munmap(base, Self.bytes(count))
  }

  /// The bytes that `count` elements take.
  package static func bytes(_ count: Int) -> Int { max(1, count) * MemoryLayout<Element>.stride }

  /// The element at `index`; an index outside traps.
  ///
  /// Writing does not need exclusive access to the owner, so that a class can hold storage in a `let`
  /// and spare the run-time exclusivity checks on its hot path.
  @inlinable
  package subscript(_ index: Int) -> Element {
    @inline(__always)
    get {
      precondition(index >= 0 && index < count)
      // In bounds, and initialised by the kernel.
      return unsafe base[index]
    }
    @inline(__always)
    nonmutating _modify {
      precondition(index >= 0 && index < count)
      // As above. Not `base[index]`, which the thread sanitiser takes for an access to the first element.
      yield unsafe &(base + index).pointee
    }
  }

  /// Asks for an element ahead of its use.
  package func prefetch(_ index: Int) {
    precondition(index >= 0 && index < count)
    // In bounds by the check above; nothing is read.
    unsafe wt_prefetch_lines(base + index, MemoryLayout<Element>.size)
  }

  /// Sets `length` elements from `start` on back to zero.
  @inlinable
  package func clear(from start: Int, count length: Int) {
    precondition(start >= 0 && length >= 0 && start <= count && length <= count - start)
    // In bounds by the check above.
    unsafe UnsafeMutableRawPointer(base + start)
      .initializeMemory(as: UInt8.self, repeating: 0, count: length * MemoryLayout<Element>.stride)
  }
}

extension ZeroedStorage where Element: FixedWidthInteger {
  /// Calls `body` with the index of each element that is not zero, of `length` ones from `start` on: what is looked at
  /// is eight bytes at a time.
  @inlinable @inline(__always)
  package func forEachUsed(from start: Int, count length: Int, _ body: (Int) -> Void) {
    precondition(start >= 0 && length >= 0 && start <= count && length <= count - start)
    let step = max(1, 8 / MemoryLayout<Element>.size)
    var index = start
    while index < start &+ length {
      // In bounds by the check above and the one here; integers have no invalid pattern.
      if index &+ step <= start &+ length,
        unsafe UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self) == 0
      {
        index &+= step
        continue
      }
      let end = min(index &+ step, start &+ length)
      while index < end {
        if unsafe base[index] != 0 { body(index) }
        index &+= 1
      }
    }
  }
}

extension ZeroedStorage where Element == UInt8 {
  /// Copies `length` bytes at `from` of another storage to `start`; both must have them.
  package func copy(
    _ other: borrowing ZeroedStorage<UInt8>, from: Int, count length: Int, to start: Int
  ) {
    precondition(length >= 0 && from >= 0 && from <= other.count && length <= other.count - from)
    precondition(start >= 0 && start <= count && length <= count - start)
    // In bounds on both sides by the checks above; two storages never overlap.
    unsafe UnsafeMutableRawPointer(base + start)
      .copyMemory(from: UnsafeRawPointer(other.base + from), byteCount: length)
  }

  /// Copies `bytes` to `start`; they must fit.
  package func copy(_ bytes: RawSpan, to start: Int) {
    let length = bytes.byteCount
    precondition(start >= 0 && start <= count && length <= count - start)
    unsafe bytes.withUnsafeBytes { source in
      // An empty source may have no address; the target is in bounds by the check above.
      guard let from = source.baseAddress else { return }
      unsafe UnsafeMutableRawPointer(base + start).copyMemory(from: from, byteCount: length)
    }
  }

  /// Appends `length` bytes from `start` on to an array; the storage must have them.
  package func append(from start: Int, count length: Int, to bytes: inout [UInt8]) {
    precondition(length >= 0 && start >= 0 && start <= count && length <= count - start)
    // In bounds by the check above.
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: base + start, count: length))
  }

  /// The text of `length` bytes from `start` on; the storage must have them.
  package func text(from start: Int, count length: Int) -> String {
    precondition(length >= 0 && start >= 0 && start <= count && length <= count - start)
    // In bounds by the check above; what is not UTF-8 is repaired.
    return unsafe String(decoding: UnsafeBufferPointer(start: base + start, count: length), as: UTF8.self)
  }

  /// The eight bytes from `start` on as a big-endian number; the storage must have them.
  @inlinable @inline(__always)
  package func big64(_ start: Int) -> UInt64 {
    precondition(start >= 0 && start <= count - 8)
    // In bounds by the check above; an integer has no invalid pattern.
    return UInt64(bigEndian: unsafe UnsafeRawPointer(base + start).loadUnaligned(as: UInt64.self))
  }

  /// Whether the bytes from `start` on equal `bytes`, eight at a time.
  @inlinable @inline(__always)
  package func equals(_ bytes: RawSpan, at start: Int) -> Bool {
    let length = bytes.byteCount
    precondition(start >= 0 && start <= count && length <= count - start)
    return unsafe bytes.withUnsafeBytes { other in
      guard let right = other.baseAddress else { return true }
      let left = unsafe UnsafeRawPointer(base + start)
      // All loads lie within `length` bytes of both sides; integers have no invalid pattern.
      func word(_ offset: Int) -> Bool {
        unsafe left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      }
      var offset = 0
      if length >= 8 {
        while offset &+ 8 <= length {
          if !word(offset) { return false }
          offset &+= 8
        }
        // The last eight bytes, overlapping those compared already.
        return word(length &- 8)
      }
      while offset < length {
        if unsafe left.load(fromByteOffset: offset, as: UInt8.self)
          != right.load(fromByteOffset: offset, as: UInt8.self)
        {
          return false
        }
        offset &+= 1
      }
      return true
    }
  }
}
