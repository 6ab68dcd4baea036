// SPDX-License-Identifier: Apache-2.0

/// The last seconds of traffic, for graphs: a ring of bins, each of whole ticks and about a second long.
package struct TrafficHistory: Sendable {
  /// What one bin has counted.
  package struct Bin: Equatable, Sendable, BitwiseCopyable {
    package var requests: UInt64 = 0
    package var successes: UInt64 = 0
    package var failures: UInt64 = 0
    package init() {}
  }

  /// Bins that are kept: more than the widest terminal has columns.
  package static let capacity = 1024

  /// Nanoseconds of a bin: about 0.5 to 1.5 seconds.
  package let binLength: UInt64
  private let ticksPerBin: UInt64
  private var bins = [Bin](repeating: Bin(), count: capacity)
  /// The newest bin that has been begun.
  private var newest: UInt64 = 0
  /// The number of bins that are complete, from the first one on.
  private var complete: UInt64 = 0

  package init(plan: IntervalPlan) {
    let tick = Double(plan.interval) / Double(plan.ticksPerInterval)
    ticksPerBin = UInt64(max(1, (1e9 / tick).rounded()))
    binLength = UInt64((tick * Double(ticksPerBin)).rounded())
  }

  /// The complete bins, oldest first, at most `limit` and `capacity` of them.
  package func latest(_ limit: Int = capacity) -> [Bin] {
    // The ring is shared with bins that are open: those before them have gone.
    let oldest = newest &- min(newest, UInt64(Self.capacity - 1))
    let count = min(UInt64(max(0, limit)), complete &- min(complete, oldest))
    return (complete - count..<complete).map { bins[Int($0 % UInt64(Self.capacity))] }
  }

  /// Adds what a tick has counted.
  mutating func add(_ totals: TrafficTotals, tick: UInt64) {
    let bin = tick / ticksPerBin
    advance(to: bin)
    // Late by more than is kept.
    guard bin &+ UInt64(Self.capacity) > newest else { return }
    let place = Int(bin % UInt64(Self.capacity))
    bins[place].requests &+= totals.requests
    bins[place].successes &+= totals.successes
    bins[place].failures &+= totals.failures
  }

  /// All workers have handed over what came before this tick.
  mutating func reach(tick: UInt64) {
    complete = max(complete, tick / ticksPerBin)
    advance(to: complete)
  }

  private mutating func advance(to bin: UInt64) {
    guard bin > newest else { return }
    for step in 0..<min(bin - newest, UInt64(Self.capacity)) {
      bins[Int((bin - step) % UInt64(Self.capacity))] = Bin()
    }
    newest = bin
  }
}
