// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System

/// The memory for the bytes of heads that come in several segments.
struct StoredHead: BitwiseCopyable {
  fileprivate(set) var block = PackedIndex<BlockIndex>()
  /// The number of bytes kept.
  fileprivate(set) var count: Int32 = 0
  /// `block` is one of the large blocks.
  fileprivate(set) var isLarge = false
  fileprivate var entry = PackedIndex<HeadIndex>()
}

/// Whose head is kept.
struct HeadOwner: BitwiseCopyable {
  var flow: FlowIndex
  var direction: Direction
  /// A request of its connection was answered.
  var isAnswered: Bool
}

/// A head in the making.
struct KeptHead: BitwiseCopyable {
  var owner: HeadOwner
  var byAge = Neighbours<HeadIndex>()

  /// The heads in blocks of one size, of answered connections or the others; the oldest first.
  enum ByAge: ListOrder {
    @inline(__always)
    static func neighbours(of head: ElementRef<KeptHead>) -> ElementRef<Neighbours<HeadIndex>> {
      head.member(\.byAge)
    }
  }
}

/// The heads in blocks of one size, the oldest first.
private struct KeptHeads: BitwiseCopyable {
  var unanswered = IntrusiveList<KeptHead.ByAge>()
  var answered = IntrusiveList<KeptHead.ByAge>()
}

/// The bytes of unfinished heads, in a fixed number of blocks of two sizes.
///
/// When no block is left, a head gives way whose connection nobody has answered, the oldest one; only for the head of
/// a connection that was answered, one of its like.
struct HeadStore: ~Copyable {
  /// Bytes of a small block; a head that needs more moves to a large one.
  static let smallSize = 2_048

  private let small: BlockPool
  private let large: BlockPool
  private var entries: SlotPool<HeadIndex, KeptHead>
  private var smallLine = KeptHeads()
  private var largeLine = KeptHeads()

  init(smallHeads: Int, largeHeads: Int) {
    small = BlockPool(blocks: smallHeads, of: Self.smallSize)
    large = BlockPool(blocks: largeHeads, of: HeadParser.maximumLength)
    entries = SlotPool(capacity: smallHeads + largeHeads)
  }

  /// The number of blocks in use.
  var used: Int { small.used + large.used }

  /// Keeps the first bytes of a head; nil when there is no block for them.
  mutating func begin(_ bytes: RawSpan, of owner: HeadOwner) -> StoredHead? {
    let isLarge = bytes.byteCount > small.blockSize
    // Not by a reference to either pool: that would be counted.
    guard bytes.byteCount <= (isLarge ? large.blockSize : small.blockSize),
      let block = isLarge ? large.take() : small.take()
    else { return nil }
    let written = isLarge ? large.write(bytes, to: block, at: 0) : small.write(bytes, to: block, at: 0)
    var head = StoredHead(block: PackedIndex(block), count: Int32(written), isLarge: isLarge)
    if let entry = entries.add(KeptHead(owner: owner)) {
      head.entry = PackedIndex(entry)
      enter(entry, isLarge: isLarge)
    }
    return head
  }

  /// Keeps more bytes of a head, as many as fit into a large block; false when there is no block for any.
  mutating func append(_ bytes: RawSpan, to head: ElementRef<StoredHead>) -> Bool {
    guard makeRoom(bytes.byteCount, in: head), let block = head.block.index else { return false }
    let old = Int(head.count)
    let written =
      head.isLarge ? large.write(bytes, to: block, at: old) : small.write(bytes, to: block, at: old)
    head.count = Int32(old &+ written)
    return true
  }

  /// The head that gives way to one of `count` bytes of a connection, which there is no block for; nil when all others
  /// have as much right to theirs.
  func nextToEvict(for count: Int, isAnswered: Bool) -> HeadOwner? {
    let isLarge = count > small.blockSize
    let unanswered = isLarge ? largeLine.unanswered.first : smallLine.unanswered.first
    let answered = isLarge ? largeLine.answered.first : smallLine.answered.first
    guard let entry = unanswered ?? (isAnswered ? answered : nil) else { return nil }
    return entries[entry].owner
  }

  /// Notes that a head is now one of another connection.
  mutating func move(_ head: StoredHead, to owner: HeadOwner) {
    guard let entry = head.entry.index else { return }
    leave(entry, isLarge: head.isLarge)
    entries[entry].owner = owner
    enter(entry, isLarge: head.isLarge)
  }

  /// The block's pool, whose bytes stay readable until the next head takes the block.
  func pool(of head: StoredHead) -> BlockPool { head.isLarge ? large : small }

  /// Gives the block of a head back.
  mutating func release(_ head: StoredHead) {
    if let entry = head.entry.index {
      leave(entry, isLarge: head.isLarge)
      entries.remove(entry)
    }
    guard let block = head.block.index else { return }
    if head.isLarge { large.give(block) } else { small.give(block) }
  }

  /// Moves a head to a large block when the small one cannot take `count` bytes more.
  private mutating func makeRoom(_ count: Int, in head: ElementRef<StoredHead>) -> Bool {
    let size = Int(head.count)
    if head.isLarge { return size < large.blockSize }
    if size &+ count <= small.blockSize { return true }
    guard let old = head.block.index, let block = large.take() else { return false }
    _ = large.write(small.bytes(of: old, count: size), to: block, at: 0)
    small.give(old)
    head.block = PackedIndex(block)
    head.isLarge = true
    if let entry = head.entry.index {
      leave(entry, isLarge: false)
      enter(entry, isLarge: true)
    }
    return true
  }

  private mutating func enter(_ entry: HeadIndex, isLarge: Bool) {
    switch (isLarge, entries[entry].owner.isAnswered) {
    case (false, false): smallLine.unanswered.append(entry, in: entries)
    case (false, true): smallLine.answered.append(entry, in: entries)
    case (true, false): largeLine.unanswered.append(entry, in: entries)
    case (true, true): largeLine.answered.append(entry, in: entries)
    }
  }

  private mutating func leave(_ entry: HeadIndex, isLarge: Bool) {
    switch (isLarge, entries[entry].owner.isAnswered) {
    case (false, false): smallLine.unanswered.remove(entry, in: entries)
    case (false, true): smallLine.answered.remove(entry, in: entries)
    case (true, false): largeLine.unanswered.remove(entry, in: entries)
    case (true, true): largeLine.answered.remove(entry, in: entries)
    }
  }
}
