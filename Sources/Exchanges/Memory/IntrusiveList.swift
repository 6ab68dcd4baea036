// SPDX-License-Identifier: Apache-2.0

/// The neighbours of an element in one list, inside of the element.
struct Neighbours<Index: ArrayIndex>: BitwiseCopyable {
  fileprivate var before = PackedIndex<Index>()
  fileprivate var after = PackedIndex<Index>()
}

/// The memory in which the elements of a list lie and keep their neighbours: one type for each list that an element may be in.
protocol ListOrder {
  associatedtype Index: ArrayIndex
  associatedtype Element: BitwiseCopyable
  static func neighbours(of element: ElementRef<Element>) -> ElementRef<Neighbours<Index>>
}

/// A doubly linked list through the elements of a slot pool: nothing is allocated to be in it.
///
/// Every operation takes a fixed number of steps. The elements' pool is given with each call, so that a list
/// may itself be a member of an element.
///
///     first ──▶ element ⇄ element ⇄ element ◀── last
struct IntrusiveList<Order: ListOrder>: BitwiseCopyable {
  typealias Index = Order.Index
  typealias Pool = SlotPool<Order.Index, Order.Element>

  private var head = PackedIndex<Index>()
  private var tail = PackedIndex<Index>()

  var first: Index? {
    @inline(__always) get { head.index }
  }
  var last: Index? {
    @inline(__always) get { tail.index }
  }
  var isEmpty: Bool {
    @inline(__always) get { head.isNone }
  }

  /// The element after one of the list.
  @inline(__always)
  static func after(_ index: Index, in pool: borrowing Pool) -> Index? {
    Order.neighbours(of: pool[index]).after.index
  }

  /// The element before one of the list.
  @inline(__always)
  static func before(_ index: Index, in pool: borrowing Pool) -> Index? {
    Order.neighbours(of: pool[index]).before.index
  }

  /// Adds an element that is in no list of this order, as the last one.
  @inline(__always)
  mutating func append(_ index: Index, in pool: borrowing Pool) {
    let own = Order.neighbours(of: pool[index])
    own.before = tail
    own.after = PackedIndex()
    let packed = PackedIndex(index)
    if let last = tail.index { Order.neighbours(of: pool[last]).after = packed } else { head = packed }
    tail = packed
  }

  /// Adds an element that is in no list of this order after another one of this list; nil puts it first.
  mutating func insert(_ index: Index, after before: Index?, in pool: borrowing Pool) {
    guard let before else {
      let own = Order.neighbours(of: pool[index]), packed = PackedIndex(index)
      own.before = PackedIndex()
      own.after = head
      if let first = head.index { Order.neighbours(of: pool[first]).before = packed } else { tail = packed }
      head = packed
      return
    }
    let left = Order.neighbours(of: pool[before]), right = left.after
    guard let after = right.index else { return append(index, in: pool) }
    let own = Order.neighbours(of: pool[index]), packed = PackedIndex(index)
    own.before = PackedIndex(before)
    own.after = right
    left.after = packed
    Order.neighbours(of: pool[after]).before = packed
  }

  /// Takes an element of this list out of it.
  @inline(__always)
  mutating func remove(_ index: Index, in pool: borrowing Pool) {
    let own = Order.neighbours(of: pool[index])
    let before = own.before, after = own.after
    if let left = before.index { Order.neighbours(of: pool[left]).after = after } else { head = after }
    if let right = after.index { Order.neighbours(of: pool[right]).before = before } else { tail = before }
  }
}
