// SPDX-License-Identifier: Apache-2.0

/// A reference to an element of a fixed array: its members are read and changed there, without a copy of it.
///
/// An element may take hundreds of bytes, of which a segment changes a few. A reference is made by its array
/// alone, which checks the index once, and must not outlive it: a stage keeps its references no longer
/// than a call, and its arrays for life. An element never moves.
@safe @dynamicMemberLookup
struct ElementRef<Element: BitwiseCopyable> {
  // In bounds and given a value, by the array's check; one thread uses an array.
  private let pointer: UnsafeMutablePointer<Element>

  @inline(__always)
  init(unchecked pointer: UnsafeMutablePointer<Element>) { unsafe self.pointer = unsafe pointer }

  /// The whole element, copied.
  var value: Element {
    @inline(__always) get { unsafe pointer.pointee }
    @inline(__always) nonmutating set { unsafe pointer.pointee = newValue }
  }

  subscript<Member>(dynamicMember member: KeyPath<Element, Member>) -> Member {
    // The path is known where this is used, so that what remains of it is one load.
    @inline(__always) _read { yield unsafe pointer.pointee[keyPath: member] }
  }

  subscript<Member>(dynamicMember member: WritableKeyPath<Element, Member>) -> Member {
    @inline(__always) _read { yield unsafe pointer.pointee[keyPath: member] }
    // As above: one load or store at the member itself.
    @inline(__always) nonmutating _modify { yield unsafe &pointer.pointee[keyPath: member] }
  }

  // An access that spans a branch, as that of an optional index does, would keep the path at run time: these are
  // copied out.
  subscript<Index>(dynamicMember member: WritableKeyPath<Element, PackedIndex<Index>>) -> PackedIndex<Index> {
    @inline(__always) get { unsafe pointer.pointee[keyPath: member] }
    @inline(__always) nonmutating set { unsafe pointer.pointee[keyPath: member] = newValue }
  }

  subscript<Order>(dynamicMember member: WritableKeyPath<Element, IntrusiveList<Order>>) -> IntrusiveList<
    Order
  > {
    @inline(__always) get { unsafe pointer.pointee[keyPath: member] }
    @inline(__always) nonmutating set { unsafe pointer.pointee[keyPath: member] = newValue }
  }

  /// A reference to a stored member.
  @inline(__always)
  func member<Member>(_ member: WritableKeyPath<Element, Member>) -> ElementRef<Member> {
    // A stored member has an address inside of its element; the element outlives both.
    unsafe withUnsafeMutablePointer(to: &pointer.pointee[keyPath: member]) {
      unsafe ElementRef<Member>(unchecked: $0)
    }
  }
}
