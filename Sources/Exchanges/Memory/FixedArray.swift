// SPDX-License-Identifier: Apache-2.0

import CPrefetch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A fixed number of plain values in memory that is reserved at once and touched only when used.
///
/// It never grows; an index outside of it traps. The values are trivial, so nothing is released one
/// by one.
@safe
struct FixedArray<Index: ArrayIndex, Element: BitwiseCopyable>: ~Copyable {
  // Owned from init to deinit; every access goes through the checked subscripts.
  private let base: UnsafeMutablePointer<Element>
  let capacity: Int
  /// Elements below this index have been given a value.
  private var initialized = 0

  init(capacity: Int) {
    self.capacity = capacity
    unsafe base = UnsafeMutablePointer<Element>.allocate(capacity: max(capacity, 1))
  }

  /// Elements that are all zero bytes, which must be a value of `Element`; memory is touched by use alone.
  init(zeroed capacity: Int) {
    self.capacity = capacity
    let count = max(capacity, 1)
    guard let memory = unsafe calloc(count, MemoryLayout<Element>.stride) else {
      preconditionFailure("no memory for \(count) elements")
    }
    // Aligned for any type that C knows, zeroed, and freed as `deallocate` frees: by free().
    unsafe base = memory.bindMemory(to: Element.self, capacity: count)
    initialized = capacity
  }

  deinit { unsafe base.deallocate() }

  /// Gives all elements a value, for tables that are read before they are written.
  mutating func fill(with value: Element) {
    unsafe base.update(repeating: value, count: capacity)
    initialized = capacity
  }

  /// The index of the next element that never had a value, now with one; nil when all have.
  mutating func extend(with value: Element) -> Index? {
    guard initialized < capacity else { return nil }
    unsafe (base + initialized).initialize(to: value)
    initialized += 1
    return Index(offset: initialized - 1)
  }

  /// The first `count` elements, borrowed.
  @_lifetime(borrow self)
  borrowing func first(_ count: Int) -> Span<Element> {
    precondition(count >= 0 && count <= initialized)
    // In bounds and given values, by the check; nothing changes them while the array is borrowed.
    let span = unsafe Span(_unsafeStart: base, count: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Asks for an element ahead of its use.
  @inline(__always)
  func prefetch(_ index: Index) {
    precondition(UInt(bitPattern: index.offset) < UInt(bitPattern: capacity))
    // In bounds by the check above; nothing is read.
    unsafe wt_prefetch_lines(base + index.offset, MemoryLayout<Element>.size)
  }

  /// An element, to be read and changed member by member.
  subscript(index: Index) -> ElementRef<Element> {
    @inline(__always)
    get {
      // An index below zero is a very large one.
      precondition(UInt(bitPattern: index.offset) < UInt(bitPattern: initialized))
      // In bounds and given a value, by the check above.
      return unsafe ElementRef(unchecked: base + index.offset)
    }
  }
}
