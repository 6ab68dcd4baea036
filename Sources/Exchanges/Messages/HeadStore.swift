// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System

/// Where the bytes of a head that comes in several segments are kept.
struct StoredHead: BitwiseCopyable {
  fileprivate(set) var block = PackedIndex<BlockIndex>()
  /// The number of bytes kept.
  fileprivate(set) var count: Int32 = 0
  /// `block` is one of the large blocks.
  fileprivate(set) var isLarge = false
}

/// The bytes of unfinished heads, in a fixed number of blocks of two sizes.
struct HeadStore {
  /// Bytes of a small block; a head that needs more moves to a large one.
  static let smallSize = 2_048

  private let small: BlockPool
  private let large: BlockPool

  init(smallHeads: Int, largeHeads: Int) {
    small = BlockPool(blocks: smallHeads, of: Self.smallSize)
    large = BlockPool(blocks: largeHeads, of: HeadParser.maximumLength)
  }

  /// The number of blocks in use.
  var used: Int { small.used + large.used }

  /// Keeps the first bytes of a head; nil when there is no block for them.
  func begin(_ bytes: RawSpan) -> StoredHead? {
    let isLarge = bytes.byteCount > small.blockSize
    // Not by a reference to either pool: that would be counted.
    guard bytes.byteCount <= (isLarge ? large.blockSize : small.blockSize),
      let block = isLarge ? large.take() : small.take()
    else { return nil }
    let written = isLarge ? large.write(bytes, to: block, at: 0) : small.write(bytes, to: block, at: 0)
    return StoredHead(block: PackedIndex(block), count: Int32(written), isLarge: isLarge)
  }

  /// Keeps more bytes of a head, as many as fit into a large block; false when there is no block for any.
  func append(_ bytes: RawSpan, to head: ElementRef<StoredHead>) -> Bool {
    guard makeRoom(bytes.byteCount, in: head), let block = head.block.index else { return false }
    let old = Int(head.count)
    let written =
      head.isLarge ? large.write(bytes, to: block, at: old) : small.write(bytes, to: block, at: old)
    head.count = Int32(old &+ written)
    return true
  }

  /// The block's pool, whose bytes stay readable until the next head takes the block.
  func pool(of head: StoredHead) -> BlockPool { head.isLarge ? large : small }

  /// Gives the block of a head back.
  func release(_ head: StoredHead) {
    guard let block = head.block.index else { return }
    if head.isLarge { large.give(block) } else { small.give(block) }
  }

  /// Moves a head to a large block when the small one cannot take `count` bytes more.
  private func makeRoom(_ count: Int, in head: ElementRef<StoredHead>) -> Bool {
    let size = Int(head.count)
    if head.isLarge { return size < large.blockSize }
    if size &+ count <= small.blockSize { return true }
    guard let old = head.block.index, let block = large.take() else { return false }
    _ = large.write(small.bytes(of: old, count: size), to: block, at: 0)
    small.give(old)
    head.block = PackedIndex(block)
    head.isLarge = true
    return true
  }
}
