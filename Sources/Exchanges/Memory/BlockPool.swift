// SPDX-License-Identifier: Apache-2.0

/// A fixed number of byte blocks of one size, for bytes that must outlive their segment.
///
/// Memory is reserved at once and touched only when used. It is a class so that a block can be read while the
/// tables around it change.
@safe
final class BlockPool {
  let blockSize: Int
  let capacity: Int
  // Owned from init to deinit; every access is checked against `capacity` and `blockSize`.
  private let base: UnsafeMutableRawPointer
  // The blocks given back, last in, first out; then how many those are, and how many were ever taken. In
  // memory of its own, so that the hot path needs no exclusivity check: one thread uses the pool.
  private let free: UnsafeMutablePointer<BlockIndex>
  private let counts: UnsafeMutablePointer<(freed: Int, fresh: Int)>

  init(blocks: Int, of blockSize: Int) {
    self.blockSize = blockSize
    capacity = blocks
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(blocks * blockSize, 1), alignment: 16)
    unsafe free = UnsafeMutablePointer<BlockIndex>.allocate(capacity: max(blocks, 1))
    unsafe counts = UnsafeMutablePointer<(freed: Int, fresh: Int)>.allocate(capacity: 1)
    unsafe counts.initialize(to: (0, 0))
  }

  deinit {
    unsafe base.deallocate()
    unsafe free.deallocate()
    unsafe counts.deallocate()
  }

  /// Blocks in use.
  var used: Int { unsafe counts.pointee.fresh - counts.pointee.freed }

  /// Takes a block; nil when all are in use.
  func take() -> BlockIndex? {
    let freed = unsafe counts.pointee.freed
    if freed > 0 {
      unsafe counts.pointee.freed = freed - 1
      // Below `freed`, so it was given.
      return unsafe free[freed - 1]
    }
    let fresh = unsafe counts.pointee.fresh
    guard fresh < capacity else { return nil }
    unsafe counts.pointee.fresh = fresh + 1
    return BlockIndex(offset: fresh)
  }

  /// Gives a block back.
  func give(_ index: BlockIndex) {
    let freed = unsafe counts.pointee.freed
    precondition(freed < capacity)
    unsafe free[freed] = index
    unsafe counts.pointee.freed = freed + 1
  }

  /// Copies bytes into a block at `offset`; as many as fit. Returns how many.
  func write(_ bytes: RawSpan, to index: BlockIndex, at offset: Int) -> Int {
    precondition(index.offset < capacity && offset >= 0 && offset <= blockSize)
    let length = min(bytes.byteCount, blockSize - offset)
    guard length > 0 else { return 0 }
    unsafe bytes.withUnsafeBytes { source in
      // In the block by the checks above; length > 0, so the source has an address.
      if let from = source.baseAddress {
        unsafe (base + index.offset * blockSize + offset).copyMemory(from: from, byteCount: length)
      }
    }
    return length
  }

  /// The first `count` bytes of a block; valid until the block is written or given back.
  @_lifetime(borrow self)
  func bytes(of index: BlockIndex, count: Int) -> RawSpan {
    precondition(index.offset < capacity && count >= 0 && count <= blockSize)
    let span = unsafe RawSpan(_unsafeStart: base + index.offset * blockSize, byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// The same of a block or none, which has no bytes.
  @_lifetime(borrow self)
  func bytes(of block: PackedIndex<BlockIndex>, count: Int) -> RawSpan {
    guard let index = block.index else { return RawSpan() }
    return bytes(of: index, count: count)
  }
}
