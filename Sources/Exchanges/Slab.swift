// SPDX-License-Identifier: Apache-2.0

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
package struct Slab<Element: BitwiseCopyable>: ~Copyable {
  // Owned from init to deinit; every access goes through the checked subscript.
  private let base: UnsafeMutablePointer<Element>
  package let capacity: Int
  /// Elements below this index have been given a value.
  private var initialized = 0

  package init(capacity: Int) {
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
  package mutating func fill(with value: Element) {
    unsafe base.update(repeating: value, count: capacity)
    initialized = capacity
  }

  /// The next element that never had a value, now with one; nil when all have.
  package mutating func extend(with value: Element) -> Int? {
    guard initialized < capacity else { return nil }
    unsafe (base + initialized).initialize(to: value)
    initialized += 1
    return initialized - 1
  }

  package subscript(index: Int) -> Element {
    @inline(__always)
    _read {
      precondition(index >= 0 && index < initialized)
      // In bounds and given a value, by the check above.
      yield unsafe base[index]
    }
    @inline(__always)
    _modify {
      precondition(index >= 0 && index < initialized)
      // As above; the mutation is exclusive because the slab is borrowed for it.
      yield unsafe &base[index]
    }
  }

  /// The first `count` elements, borrowed.
  @_lifetime(borrow self)
  borrowing func first(_ count: Int) -> Span<Element> {
    precondition(count >= 0 && count <= initialized)
    // In bounds and given values, by the check; nothing changes them while the slab is borrowed.
    let span = unsafe Span(_unsafeStart: base, count: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Where an element lies, to read and change it member by member.
  @inline(__always)
  func place(_ index: Int32) -> Place<Element> {
    // An index below zero is a very large one.
    precondition(UInt32(bitPattern: index) < UInt32(truncatingIfNeeded: initialized))
    // In bounds and given a value, by the check above.
    return unsafe Place(unchecked: base + Int(index))
  }
}
