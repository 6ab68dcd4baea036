// SPDX-License-Identifier: Apache-2.0

/// The packets of the last seconds, for the beginning of an alert's file: blocks in the order of their writing, bounded in time and in bytes.
struct RecentBlocks {
  /// Some packets, as they stand in a file.
  struct Piece {
    var bytes: [UInt8]
    var packets: UInt64
    /// The time of the last of them, nanoseconds since 1970.
    var last: UInt64
  }

  /// Nanoseconds that are kept, and the bytes that they may take.
  let span: UInt64
  let room: Int
  private var pieces: [Piece] = []
  /// Pieces before this one have been given up.
  private var first = 0
  private var size = 0

  init(span: UInt64, room: Int) { (self.span, self.room) = (span, room) }

  /// Keeps packets, and gives up those that are too old by now, or too many.
  mutating func append(_ blocks: CaptureBlocks) {
    // Bytes of their own: the caller uses its memory again.
    pieces.append(Piece(bytes: Array(blocks.bytes[...]), packets: blocks.packets, last: blocks.last))
    size += blocks.bytes.count
    while first < pieces.count - 1, size > room || pieces[first].last &+ span < blocks.last {
      size -= pieces[first].bytes.count
      pieces[first].bytes = []
      first += 1
    }
    // Amortised: each piece is moved at most once for every one given up.
    if first > 64, first * 2 > pieces.count {
      pieces.removeFirst(first)
      first = 0
    }
  }

  /// The pieces that have packets from `time` on, oldest first.
  func since(_ time: UInt64) -> [Piece] { pieces[first...].filter { $0.last >= time } }
}
