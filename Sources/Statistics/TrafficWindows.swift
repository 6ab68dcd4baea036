// SPDX-License-Identifier: Apache-2.0

import System

/// The last quarter of an hour in slices that become longer with their age, for tables over a window.
///
///     ├── 30 s ──┼── 30 s ──┼ 5 s ┼ 5 s ┼1┼1┼1┤ now
///
/// A second's slice is made of tallies, five of those make one of 5 s, six of those one of 30 s. A window is a sum of whole
/// slices, so it is shorter than its name says by less than one of the slices that it begins with.
/// Memory is bounded by the number of slices and the limits of their rows; seconds without traffic take none.
struct TrafficWindows {
  /// Seconds in the longer slices.
  private static let groups: [UInt64] = [5, 30]

  private let plan: IntervalPlan
  private let workers: Int
  /// Ticks in the shortest slices, about a second: 0.5 to 1.5 s.
  private let ticksPerSecond: UInt64
  /// Nanoseconds of the shortest slices.
  private let length: Double
  private var seconds: [TrafficSlice] = []
  /// Slices of 5 and of 30 seconds, in order of time.
  private var longer: [[TrafficSlice]] = [[], []]
  /// The seconds that all workers have handed over.
  private(set) var complete: UInt64 = 0
  /// The second that time begins with: a later one after a reset.
  private var origin: UInt64 = 0

  init(plan: IntervalPlan, workers: Int) {
    self.plan = plan
    self.workers = workers
    let tick = Double(plan.interval) / Double(plan.ticksPerInterval)
    ticksPerSecond = UInt64(max(1, (1e9 / tick).rounded()))
    length = tick * Double(ticksPerSecond)
  }

  /// Adds what a worker has counted from this tick on; what comes late counts in the first open second.
  mutating func add(_ tally: Tally, worker: Int) {
    guard tally.totals[0] != TrafficTotals() || tally.tables.contains(where: { $0.count > 0 }) else { return }
    let second = max(tally.period.firstTick / ticksPerSecond, complete)
    var place = seconds.count
    while place > 0, seconds[place - 1].number > second { place -= 1 }
    if place == 0 || seconds[place - 1].number < second {
      seconds.insert(TrafficSlice(number: second, workers: workers), at: place)
      place += 1
    }
    let counted = WorkerSlice(tally)
    let before = seconds[place - 1].workers[worker]
    seconds[place - 1].workers[worker] = before.map { WorkerSlice([$0, counted]) } ?? counted
  }

  /// All workers have handed over what came before this tick.
  mutating func reach(tick: UInt64) {
    let reached = tick / ticksPerSecond
    guard reached > complete else { return }
    for (level, size) in Self.groups.enumerated() {
      let parts = level == 0 ? seconds : longer[level - 1]
      let partSize = level == 0 ? 1 : Self.groups[level - 1]
      let new = complete / size..<reached / size
      var grouped: [UInt64: [TrafficSlice]] = [:]
      for part in parts where new.contains(part.number * partSize / size) {
        grouped[part.number * partSize / size, default: []].append(part)
      }
      for (number, parts) in grouped.sorted(by: { $0.key < $1.key }) {
        longer[level].append(TrafficSlice(number: number, of: parts, workers: workers))
      }
    }
    complete = reached
    forget()
  }

  /// Drops what no window needs any more; each window is longer than the next longer slice.
  private mutating func forget() {
    let first = first(.tenSeconds, 1)
    seconds.removeAll { $0.number < first }
    for (level, window) in [StatisticsWindow.minute, .quarterHour].enumerated() {
      let size = Self.groups[level], first = self.first(window, size)
      longer[level].removeAll { $0.number * size < first }
    }
  }

  /// The first second that slices of this size are needed from.
  private func first(_ window: StatisticsWindow, _ size: UInt64) -> UInt64 {
    let kept = seconds(window) + size
    return complete > kept ? complete - kept : 0
  }

  /// Forgets what was before this tick.
  mutating func reset(tick: UInt64) {
    seconds = []
    longer = [[], []]
    origin = max(origin, tick / ticksPerSecond)
    complete = max(complete, origin)
  }

  /// The number of the shortest slices in a window.
  private func seconds(_ window: StatisticsWindow) -> UInt64 {
    UInt64(max(1, (Double(window.length ?? 0) / length).rounded()))
  }

  /// The slices of a window that ends with `end` ticks, and the tick that the first of them begins with.
  ///
  /// - Parameter end: nil for the last complete second; else what has come of later seconds counts too.
  func slices(_ window: StatisticsWindow, until end: UInt64?) -> (
    slices: [TrafficSlice], ticks: Range<UInt64>
  ) {
    let last = max(end.map { ($0 + ticksPerSecond - 1) / ticksPerSecond } ?? complete, origin)
    let wanted = seconds(window)
    var first = max(last > wanted ? last - wanted : 0, origin)
    let begins = first
    var chosen: [TrafficSlice] = []
    var from: UInt64?
    // From the longest slices that the window needs to the shortest.
    let levels = window == .tenSeconds ? [] : window == .minute ? [0] : [1, 0]
    for level in levels {
      let size = Self.groups[level]
      let group = first == origin ? first / size : (first + size - 1) / size
      let until = min(last, complete) / size
      guard group < until else { continue }
      if from == nil { from = max(group * size, origin) }
      chosen += longer[level].filter { (group..<until).contains($0.number) }
      first = until * size
    }
    chosen += seconds.filter { (first..<max(first, last)).contains($0.number) }
    let start = (from ?? begins) * ticksPerSecond
    return (chosen, start..<max(start, end ?? last * ticksPerSecond))
  }

  /// A window in equal parts that are over, oldest first, for graphs; empty for `all`. The last one ends within the
  /// length of a slice before now.
  func parts(_ window: StatisticsWindow) -> [[TrafficSlice]] {
    let (slices, size, perPart, count): ([TrafficSlice], UInt64, UInt64, UInt64) =
      switch window {
      case .tenSeconds: (seconds, 1, 1, 10)
      case .minute: (longer[0], 5, 1, 12)
      case .fiveMinutes: (longer[1], 30, 1, 10)
      case .quarterHour: (longer[1], 30, 3, 10)
      case .all: ([], 1, 1, 0)
      }
    let end = complete / size
    return (0..<count).map { part in
      let last = (count - 1 - part) * perPart
      let numbers = end - min(end, last + perPart)..<end - min(end, last)
      return slices.filter { numbers.contains($0.number) }
    }
  }
}
