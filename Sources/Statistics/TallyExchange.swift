// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The double buffer in which a worker and the reporter exchange tallies: no lock, no allocation, no waiting.
///
/// There are two tallies. The worker adds to one; the other is either spare, which means empty and the
/// worker's for the taking, or full, which means the reporter's. `isFull` says which, and the thread that finds
/// it the own way owns that tally until it turns the flag round. Each side takes the two tallies in
/// turn, so the flag is all there is to share.
///
/// Invariants: only the worker sets `isFull`, only the reporter clears it. `workerSide` belongs to the
/// worker and `reporterSide` to the reporter. After `isClosed` the worker touches nothing any more.
@safe
package final class TallyExchange: @unchecked Sendable {
  // Sendable by the protocol above, which the compiler cannot see; the thread sanitiser watches it.
  let first: Tally
  let second: Tally
  private let borrowedFirst: Unmanaged<Tally>
  private let borrowedSecond: Unmanaged<Tally>
  private let isFull = Atomic<Bool>(false)
  private let isClosed = Atomic<Bool>(false)
  private var workerSide = false
  private var reporterSide = false
  private var isDrained = false

  /// The tables' sizes, the same on both sides.
  let budgets: StatisticsBudgets

  package init(budgets: StatisticsBudgets) throws(StatisticsError) {
    self.budgets = budgets.roundedUp
    first = try Tally(self.budgets)
    second = try Tally(self.budgets)
    unsafe borrowedFirst = Unmanaged.passUnretained(first)
    unsafe borrowedSecond = Unmanaged.passUnretained(second)
  }

  // MARK: The worker's side

  /// The tally that the worker adds to.
  var workerTally: Tally { workerSide ? second : first }

  /// Adds to the worker's tally without counting a reference to it, which took 10 ns a segment with heads.
  ///
  /// Unsafe only in name: the double buffer holds both tallies for as long as it is there.
  @inline(__always)
  func withWorkerTally(_ add: (Tally) -> Void) {
    unsafe (workerSide ? borrowedSecond : borrowedFirst)._withUnsafeGuaranteedRef(add)
  }

  /// Whether the spare tally is back. Acquiring: the reporter's clearing of it is seen before it is used.
  var hasSpare: Bool { !isFull.load(ordering: .acquiring) }

  /// Hands the worker's tally over and continues with the spare one; only after `hasSpare`.
  func publish() {
    workerSide.toggle()
    // Releasing: all that was counted is seen by the reporter that finds the flag set.
    isFull.store(true, ordering: .releasing)
  }

  /// Leaves the worker's tally to the reporter too; the worker's last call.
  func close() {
    // Releasing: as in `publish`.
    isClosed.store(true, ordering: .releasing)
  }

  // MARK: The reporter's side

  /// The oldest tally that is the reporter's now, or nil.
  var reporterTally: Tally? {
    // Both acquiring: what the worker counted before it set the flag is seen. The order matters: a
    // worker that closes after it published leaves two tallies, and the published one is the older.
    let closed = isClosed.load(ordering: .acquiring)
    if isFull.load(ordering: .acquiring) { return reporterSide ? second : first }
    if closed && !isDrained { return reporterSide ? second : first }
    return nil
  }

  /// Gives the tally of `reporterTally` back, cleared.
  func giveBack() {
    (reporterSide ? second : first).clear()
    reporterSide.toggle()
    // Only the reporter clears the flag, so its own last look at it still holds.
    if isFull.load(ordering: .relaxed) {
      // Releasing: the worker that finds the spare finds it cleared.
      isFull.store(false, ordering: .releasing)
    } else {
      isDrained = true
    }
  }

  /// Whether the worker is done and all it counted was taken.
  var isFinished: Bool { isDrained }
}
