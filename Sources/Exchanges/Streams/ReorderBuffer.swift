// SPDX-License-Identifier: Apache-2.0

import System

/// A chunk that came before the bytes in front of it, or before the request that it answers.
struct HeldChunk: BitwiseCopyable {
  var chunk: Chunk
  /// The number of captured bytes, in `block`; without a block there are none.
  var captured: Int32
  var block: PackedIndex<BlockIndex>
  fileprivate var bySequence = Neighbours<HeldIndex>()

  /// The chunks of one direction of a flow, in the order of the stream.
  enum BySequence: ListOrder {
    @inline(__always)
    static func neighbours(of held: ElementRef<HeldChunk>) -> ElementRef<Neighbours<HeldIndex>> {
      held.member(\.bySequence)
    }
  }
}

/// The chunks that wait, in a fixed number of slots with a block of bytes each; each direction of a flow has a
/// list of its own.
struct ReorderBuffer: ~Copyable {
  /// Bytes of one block; a longer segment takes several chunks.
  static let blockSize = 2_048

  private var slots: SlotPool<HeldIndex, HeldChunk>
  /// Of the chunks' bytes.
  let blocks: BlockPool

  init(capacity: Int) {
    slots = SlotPool(capacity: capacity)
    blocks = BlockPool(blocks: capacity, of: Self.blockSize)
  }

  /// Whether a segment with this many captured bytes fits into the slots that are free.
  func hasRoom(for count: Int) -> Bool { slots.count + Self.slots(for: count) <= slots.capacity }

  private static func slots(for count: Int) -> Int { max(1, (count + blockSize - 1) / blockSize) }

  subscript(index: HeldIndex) -> ElementRef<HeldChunk> {
    @inline(__always) get { slots[index] }
  }

  /// The chunk that follows in the same list.
  func after(_ index: HeldIndex) -> HeldIndex? { IntrusiveList<HeldChunk.BySequence>.after(index, in: slots) }

  /// Keeps a segment of a direction, which may have `limit` chunks; false, and nothing kept, when there is no room for
  /// all of it: what were left out would be a gap that the capture does not have.
  mutating func hold(_ chunk: Chunk, _ bytes: RawSpan, in half: ElementRef<StreamHalf>, limit: Int) -> Bool {
    guard Int(half.heldCount) + Self.slots(for: bytes.byteCount) <= limit, hasRoom(for: bytes.byteCount)
    else { return false }
    var rest = chunk
    var offset = 0
    while true {
      let count = min(Self.blockSize, bytes.byteCount - offset)
      var part = rest
      let isLast = offset + count == bytes.byteCount
      if !isLast { part.length = UInt32(count) }
      // There is a slot, and a block for each slot.
      guard let added = add(part, bytes.slice(offset, offset + count)) else { return false }
      insert(added, into: half)
      if isLast { return true }
      offset += count
      rest = rest.dropping(UInt32(count))
      rest.isFirst = false
    }
  }

  /// Puts a kept chunk where its sequence number stands in a direction's list, after its equals.
  mutating func insert(_ index: HeldIndex, into half: ElementRef<StreamHalf>) {
    half.heldCount &+= 1
    let sequence = slots[index].chunk.sequence
    var before: HeldIndex?
    var at = half.held.first
    // After a gap, the others come in order: the end is where they belong.
    if let last = half.held.last, SequenceNumber.distance(slots[last].chunk.sequence, from: sequence) <= 0 {
      (before, at) = (last, nil)
    }
    while let other = at, SequenceNumber.distance(slots[other].chunk.sequence, from: sequence) <= 0 {
      before = other
      at = after(other)
    }
    var list = half.held
    list.insert(index, after: before, in: slots)
    half.held = list
  }

  /// Takes the first chunk of a direction out of its list, for another list.
  mutating func takeFirst(of half: ElementRef<StreamHalf>) -> HeldIndex? {
    var list = half.held
    guard let first = list.first else { return nil }
    list.remove(first, in: slots)
    half.held = list
    half.heldCount &-= 1
    return first
  }

  /// Forgets the first chunk of a direction and its bytes.
  mutating func removeFirst(of half: ElementRef<StreamHalf>) {
    guard let first = takeFirst(of: half) else { return }
    if let block = slots[first].block.index { blocks.give(block) }
    slots.remove(first)
  }

  private mutating func add(_ chunk: Chunk, _ bytes: RawSpan) -> HeldIndex? {
    var block: BlockIndex?
    if bytes.byteCount > 0 {
      guard let taken = blocks.take() else { return nil }
      block = taken
      _ = blocks.write(bytes, to: taken, at: 0)
    }
    let held = HeldChunk(
      chunk: chunk, captured: Int32(truncatingIfNeeded: bytes.byteCount), block: PackedIndex(block))
    if let added = slots.add(held) { return added }
    if let block { blocks.give(block) }
    return nil
  }
}
