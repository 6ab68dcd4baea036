// SPDX-License-Identifier: Apache-2.0

/// Where an element of a slab lies: its members are read and changed there, without a copy of it.
///
/// An element may take hundreds of bytes, of which a segment changes a few. A place is made by its slab
/// alone, which checks the index once, and must not outlive it: the tracker keeps its places no longer
/// than a call, and its slabs for life. An element never moves.
@safe @dynamicMemberLookup
struct Place<Element: BitwiseCopyable> {
  // In bounds and given a value, by the slab's check; one thread uses a slab.
  private let pointer: UnsafeMutablePointer<Element>

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

  /// Where a member lies.
  @inline(__always)
  func place<Member>(of member: WritableKeyPath<Element, Member>) -> Place<Member> {
    // A stored member has an address inside of its element; the element outlives both.
    unsafe withUnsafeMutablePointer(to: &pointer.pointee[keyPath: member]) {
      unsafe Place<Member>(unchecked: $0)
    }
  }
}
