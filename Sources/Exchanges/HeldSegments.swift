// SPDX-License-Identifier: Apache-2.0

import HTTP1

/// Segments that came before the bytes in front of them, in a fixed number of places.
///
/// Each direction of a flow has a list of its own, in the order of the stream.
struct HeldSegments: ~Copyable {
  /// Bytes of one place; a longer segment takes several.
  static let blockSize = 2_048

  struct Held: BitwiseCopyable {
    var piece: StreamPiece
    /// Captured bytes, in `block`; -1 when none are kept.
    var captured: Int32
    var block: Int32
    var next: Int32
    /// The first place of its segment: the one that the ledger counts.
    var isFirst: Bool
  }

  private var places: Slab<Held>
  private var free: [Int32] = []
  let blocks: BlockPool

  init(capacity: Int) {
    places = Slab(capacity: capacity)
    blocks = BlockPool(blocks: capacity, of: Self.blockSize)
    free.reserveCapacity(capacity)
  }

  subscript(place: Int32) -> Place<Held> {
    @inline(__always) get { places.place(place) }
  }

  /// Keeps a piece of at most `blockSize` bytes; -1 when there is no place left.
  mutating func add(_ piece: StreamPiece, _ bytes: RawSpan, isFirst: Bool) -> Int32 {
    var block: Int32 = -1
    if bytes.byteCount > 0 {
      guard let taken = blocks.take() else { return -1 }
      block = taken
      _ = blocks.write(bytes, to: taken, at: 0)
    }
    let held = Held(
      piece: piece, captured: Int32(truncatingIfNeeded: bytes.byteCount), block: block, next: -1,
      isFirst: isFirst)
    if let reused = free.popLast() {
      places[Int(reused)] = held
      return reused
    }
    guard let fresh = places.extend(with: held) else {
      if block >= 0 { blocks.give(block) }
      return -1
    }
    return Int32(truncatingIfNeeded: fresh)
  }

  /// Forgets a place and its bytes.
  mutating func remove(_ place: Int32) {
    let block = places[Int(place)].block
    if block >= 0 { blocks.give(block) }
    free.append(place)
  }
}
