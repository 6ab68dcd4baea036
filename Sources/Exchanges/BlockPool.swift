// SPDX-License-Identifier: Apache-2.0

/// A fixed number of byte blocks of one size, for bytes that must outlive their segment.
///
/// Memory is reserved at once and touched only when used; a block is identified by its index. It is a
/// class so that a block can be read while the tables around it change.
@safe
final class BlockPool {
  let blockSize: Int
  let capacity: Int
  // Owned from init to deinit; every access is checked against `capacity` and `blockSize`.
  private let base: UnsafeMutableRawPointer
  private var free: [Int32] = []
  private var fresh = 0

  init(blocks: Int, of blockSize: Int) {
    self.blockSize = blockSize
    capacity = blocks
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(blocks * blockSize, 1), alignment: 16)
    free.reserveCapacity(blocks)
  }

  deinit { unsafe base.deallocate() }

  /// Blocks in use.
  var used: Int { fresh - free.count }

  /// Takes a block; nil when all are in use.
  func take() -> Int32? {
    if let index = free.popLast() { return index }
    guard fresh < capacity else { return nil }
    fresh += 1
    return Int32(truncatingIfNeeded: fresh - 1)
  }

  /// Gives a block back.
  func give(_ index: Int32) {
    free.append(index)
  }

  /// Copies bytes into a block at `offset`; as many as fit. Returns how many.
  func write(_ bytes: RawSpan, to index: Int32, at offset: Int) -> Int {
    precondition(Int(index) >= 0 && Int(index) < capacity && offset >= 0 && offset <= blockSize)
    let length = min(bytes.byteCount, blockSize - offset)
    guard length > 0 else { return 0 }
    unsafe bytes.withUnsafeBytes { source in
      // In the block by the checks above; length > 0, so the source has an address.
      if let from = source.baseAddress {
        unsafe (base + Int(index) * blockSize + offset).copyMemory(from: from, byteCount: length)
      }
    }
    return length
  }

  /// The first `count` bytes of a block; valid until the block is written or given back.
  @_lifetime(borrow self)
  func bytes(of index: Int32, count: Int) -> RawSpan {
    precondition(Int(index) >= 0 && Int(index) < capacity && count >= 0 && count <= blockSize)
    let span = unsafe RawSpan(_unsafeStart: base + Int(index) * blockSize, byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}
