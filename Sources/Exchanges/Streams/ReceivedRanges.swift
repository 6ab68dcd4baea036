// SPDX-License-Identifier: Apache-2.0

/// The bytes of one direction of a flow that have been read: a few ranges of sequence numbers.
///
/// It is what makes every byte count once, whatever the order and however often it comes. There is
/// one range on an ordinary stream; a gap that was given up starts another. With too many, the oldest
/// gap counts as read.
struct ReceivedRanges: BitwiseCopyable {
  /// A range reaches back no further than this: serial numbers compare within 2^31.
  private static let longest: UInt32 = 1 << 29

  private struct Range: BitwiseCopyable {
    var start: UInt32 = 0
    var end: UInt32 = 0
  }

  /// Ascending, not touching; the first `count` are in use.
  private var ranges = [4 of Range](repeating: Range())
  private(set) var count = 0
  /// Whether all bytes before the first range count as read.
  private var hasFloor = false

  /// Whether nothing has been read.
  var isEmpty: Bool { count == 0 }

  /// The lowest sequence number known as read.
  var start: UInt32 { count == 0 ? 0 : ranges[0].start }

  /// Declares that nothing comes before `start`: a SYN was seen.
  mutating func setFloor() { hasFloor = true }

  /// Whether all bytes from `start` up to `end` have been read.
  func contains(_ start: UInt32, _ end: UInt32) -> Bool {
    if count == 0 { return false }
    if hasFloor, SequenceNumber.distance(end, from: ranges[0].start) <= 0 { return true }
    var index = count &- 1
    while index >= 0 {
      let range = ranges[index]
      if SequenceNumber.distance(start, from: range.start) >= 0 {
        return SequenceNumber.distance(end, from: range.end) <= 0
      }
      if index == 0, hasFloor { return SequenceNumber.distance(end, from: range.end) <= 0 }
      index &-= 1
    }
    return false
  }

  /// Adds the bytes from `start` up to `end`.
  mutating func add(_ start: UInt32, _ end: UInt32) {
    if count > 0, ranges[count &- 1].end == start {
      // The ordinary case: the stream continues.
      ranges[count &- 1].end = end
      trim(count &- 1)
      return
    }
    insert(Range(start: start, end: end))
  }

  private mutating func insert(_ new: Range) {
    var merged = new
    var kept = [5 of Range](repeating: Range())
    var total = 0
    var placed = false
    for index in 0..<count {
      let range = ranges[index]
      if SequenceNumber.distance(range.end, from: merged.start) < 0 {
        kept[total] = range
        total &+= 1
      } else if SequenceNumber.distance(range.start, from: merged.end) > 0 {
        if !placed {
          kept[total] = merged
          total &+= 1
          placed = true
        }
        kept[total] = range
        total &+= 1
      } else {
        if SequenceNumber.distance(range.start, from: merged.start) < 0 { merged.start = range.start }
        if SequenceNumber.distance(range.end, from: merged.end) > 0 { merged.end = range.end }
      }
    }
    if !placed {
      kept[total] = merged
      total &+= 1
    }
    var from = 0
    if total == 5 {
      kept[1].start = kept[0].start
      from = 1
    }
    count = total &- from
    for index in 0..<count { ranges[index] = kept[index &+ from] }
    trim(count &- 1)
  }

  private mutating func trim(_ index: Int) {
    let range = ranges[index]
    if range.end &- range.start > Self.longest {
      ranges[index].start = range.end &- Self.longest
      if index == 0 { hasFloor = true }
    }
  }
}
