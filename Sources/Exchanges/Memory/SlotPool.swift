// SPDX-License-Identifier: Apache-2.0

/// A fixed number of slots for plain values that come and go; the slot given back last is used next.
struct SlotPool<Index: ArrayIndex, Element: BitwiseCopyable>: ~Copyable {
  private var slots: FixedArray<Index, Element>
  private var free: [Index] = []
  /// The number of slots in use, 0 to `capacity`.
  private(set) var count = 0

  init(capacity: Int) {
    slots = FixedArray(capacity: capacity)
    free.reserveCapacity(capacity)
  }

  var capacity: Int { slots.capacity }

  @inline(__always)
  var isFull: Bool { count == slots.capacity }

  subscript(index: Index) -> ElementRef<Element> {
    @inline(__always) get { slots[index] }
  }

  /// Asks for a slot ahead of its use.
  @inline(__always)
  func prefetch(_ index: Index) { slots.prefetch(index) }

  /// Puts a value into a free slot; nil when there is none.
  @inline(__always)
  mutating func add(_ value: Element) -> Index? {
    if let reused = free.popLast() {
      slots[reused].value = value
      count &+= 1
      return reused
    }
    guard let fresh = slots.extend(with: value) else { return nil }
    count &+= 1
    return fresh
  }

  /// Gives a slot back; its value stays until the slot is used again.
  @inline(__always)
  mutating func remove(_ index: Index) {
    count &-= 1
    free.append(index)
  }
}
