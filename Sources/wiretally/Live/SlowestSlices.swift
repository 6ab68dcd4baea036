// SPDX-License-Identifier: Apache-2.0

import Statistics

/// The slowest exchanges of the last quarter of an hour, in slices of the time in which they ended: of 1 s for the
/// shortest window, of 5 s for a minute, of 30 s for the others. Each slice keeps the 50 slowest.
struct SlowestSlices {
  private struct Slice {
    /// Counts slices of this length from the beginning of time.
    let number: UInt64
    /// The slowest first.
    var kept: [NotableExchanges.Kept] = []
  }

  /// Slices of one length, in order of time.
  private struct Level {
    /// Nanoseconds of a slice.
    let length: UInt64
    let limit: Int
    var slices: [Slice] = []

    /// The window may begin and end within a slice.
    init(seconds: UInt64, of window: StatisticsWindow) {
      length = seconds * 1_000_000_000
      limit = Int((window.length ?? 0) / length) + 1
    }

    mutating func add(_ kept: NotableExchanges.Kept) {
      let number = kept.end / length
      // Back by more than workers are apart: another file, which begins earlier.
      if let last = slices.last, last.number > number &+ UInt64(limit) { slices = [] }
      var index = slices.count
      while index > 0, slices[index - 1].number > number { index -= 1 }
      if index == 0 || slices[index - 1].number < number {
        if index == 0, slices.count == limit { return }
        slices.insert(Slice(number: number), at: index)
        index += 1
      }
      NotableExchanges.insert(kept, into: &slices[index - 1].kept)
      if slices.count > limit { slices.removeFirst() }
    }
  }

  private var levels = [
    Level(seconds: 1, of: .tenSeconds), Level(seconds: 5, of: .minute), Level(seconds: 30, of: .quarterHour),
  ]

  mutating func add(_ kept: NotableExchanges.Kept) {
    for index in levels.indices { levels[index].add(kept) }
  }

  /// The slowest of those that ended at `start` or later, the slowest first.
  func slowest(in window: StatisticsWindow, from start: UInt64) -> [NotableExchanges.Kept] {
    let level =
      switch window {
      case .tenSeconds: levels[0]
      case .minute: levels[1]
      case .fiveMinutes, .quarterHour, .all: levels[2]
      }
    var slowest: [NotableExchanges.Kept] = []
    for slice in level.slices where (slice.number + 1) * level.length > start {
      for kept in slice.kept where kept.end >= start { NotableExchanges.insert(kept, into: &slowest) }
    }
    return slowest
  }
}
