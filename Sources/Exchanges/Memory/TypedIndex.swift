// SPDX-License-Identifier: Apache-2.0

/// The position of an element in a `FixedArray`, 0 to its capacity - 1.
protocol ArrayIndex: Equatable, BitwiseCopyable, Sendable {
  init(offset: Int)
  var offset: Int { get }
}

extension Int: ArrayIndex {
  @inline(__always)
  init(offset: Int) { self = offset }
  @inline(__always)
  var offset: Int { self }
}

/// An index that fits only the arrays of its kind: one of flows does not find a request.
@usableFromInline
package struct TypedIndex<Kind>: ArrayIndex, Hashable {
  @usableFromInline
  let value: UInt32

  @inlinable @inline(__always)
  package init(offset: Int) { value = UInt32(truncatingIfNeeded: offset) }

  @inlinable @inline(__always)
  package var offset: Int { Int(value) }

  @inlinable @inline(__always)
  package static func == (a: TypedIndex, b: TypedIndex) -> Bool { a.value == b.value }
}

/// The kinds of indices.
@usableFromInline
package enum IndexKind {
  enum Flow {}
  enum Held {}
  @usableFromInline
  package enum Request {}
  enum Block {}
  enum Head {}
  enum Connection {}
}

/// A connection: the same index in the arrays of all stages.
typealias FlowIndex = TypedIndex<IndexKind.Flow>
/// A segment, or a part of one, that is held back.
typealias HeldIndex = TypedIndex<IndexKind.Held>
/// A request that waits for its response.
@usableFromInline package typealias RequestIndex = TypedIndex<IndexKind.Request>
/// A block of a `BlockPool`.
typealias BlockIndex = TypedIndex<IndexKind.Block>
/// A head in the making among those that are kept.
typealias HeadIndex = TypedIndex<IndexKind.Head>
/// An HTTP/2 connection among those that are read.
typealias ConnectionIndex = TypedIndex<IndexKind.Connection>

/// An index or none, in four bytes: an `Optional` takes eight in a record.
///
/// Zero bytes are none, so that an array that was zeroed holds none.
struct PackedIndex<Index: ArrayIndex>: BitwiseCopyable {
  private var offsetAndOne: UInt32 = 0

  init() {}

  @inline(__always)
  init(_ index: Index?) { self.index = index }

  var index: Index? {
    @inline(__always) get {
      offsetAndOne == 0 ? nil : Index(offset: Int(offsetAndOne &- 1))
    }
    @inline(__always) set {
      offsetAndOne = newValue.map { UInt32(truncatingIfNeeded: $0.offset &+ 1) } ?? 0
    }
  }

  @inline(__always)
  var isNone: Bool { offsetAndOne == 0 }
}
