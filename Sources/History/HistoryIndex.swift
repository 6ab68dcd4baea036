// SPDX-License-Identifier: Apache-2.0

import System

/// The index of a history's intervals, oldest first: the writer's thread adds, a reader looks.
///
/// Positions are numbers that an interval keeps: those before the oldest one are gone.
package final class HistoryIndex: Sendable {
  /// Intervals that can be found: 23 days of 10 seconds; older ones are in the file alone.
  static let capacity = 200_000

  /// The place of an interval's body, and what its first bytes say.
  struct Entry: Sendable {
    /// Which of the two files.
    var slot: Int
    var offset: Int
    var length: Int
    var head: HistoryHead
    var run: Int
  }

  fileprivate struct State {
    var entries: [Entry] = []
    /// Entries at the beginning that are gone.
    var gone = 0
    /// The position of the first entry of the array.
    var base = 0
    var runs: [Int: HistoryRun] = [:]
    var nextRun = 0
    /// Intervals that were left out because there are more than `capacity`.
    var leftOut = 0
  }

  private let state = Locked(State())

  package init() {}

  /// The positions of the intervals there are.
  package var range: Range<Int> {
    state.withLock { state in state.base + state.gone..<state.base + state.entries.count }
  }

  /// The interval at a position; nil when it is gone.
  func entry(_ position: Int) -> (entry: Entry, run: HistoryRun)? {
    state.withLock { state in
      let place = position - state.base
      guard place >= state.gone, place < state.entries.count else { return nil }
      let entry = state.entries[place]
      return state.runs[entry.run].map { (entry, $0) }
    }
  }

  /// A watch has begun; the same one again, at the beginning of a file, is no other.
  func add(_ run: HistoryRun) {
    state.withLock { state in
      if state.runs[state.nextRun - 1] == run { return }
      // One without an interval is nobody's: a watch that was started in vain, many times perhaps.
      if state.nextRun > 0, state.entries.last?.run != state.nextRun - 1 { state.nextRun -= 1 }
      state.runs[state.nextRun] = run
      state.nextRun += 1
    }
  }

  /// Adds an interval of the last run; one without a run is not found.
  func add(slot: Int, offset: Int, length: Int, _ head: HistoryHead) {
    state.withLock { state in
      guard state.nextRun > 0 else { return }
      state.entries.append(
        Entry(slot: slot, offset: offset, length: length, head: head, run: state.nextRun - 1))
      if state.entries.count - state.gone > Self.capacity {
        state.gone += 1
        state.leftOut += 1
      }
      state.tidy()
    }
  }

  /// Runs that are held.
  var runs: Int { state.withLock { $0.runs.count } }

  /// Intervals that are in the files, and too old to be found.
  var leftOut: Int { state.withLock { $0.leftOut } }

  /// The file of this slot has been emptied: its intervals, which are the oldest, are gone.
  func drop(slot: Int) {
    state.withLock { state in
      while state.gone < state.entries.count, state.entries[state.gone].slot == slot { state.gone += 1 }
      state.tidy()
    }
  }

  /// Holds what another one does from now on: other files are read. Positions are new ones.
  func take(over other: HistoryIndex) {
    var taken = other.state.withLock { $0 }
    state.withLock { state in
      taken.base += state.base + state.entries.count
      state = taken
    }
  }
}

extension HistoryIndex.State {
  /// Gives back the memory of what is gone, now and then.
  fileprivate mutating func tidy() {
    guard gone > 1_024 || gone == entries.count, gone * 2 >= entries.count else { return }
    base += gone
    entries.removeFirst(gone)
    gone = 0
    let first = entries.first?.run ?? nextRun - 1
    runs = runs.filter { $0.key >= first }
  }
}
