// SPDX-License-Identifier: Apache-2.0

/// The last seconds of traffic, for graphs: a ring of bins, each of whole ticks and about a second long.
package struct TrafficHistory: Sendable {
  /// The counts of one bin.
  package struct Bin: Equatable, Sendable, BitwiseCopyable {
    package var requests: UInt64 = 0
    package var successes: UInt64 = 0
    package var failures: UInt64 = 0
    /// Of the exchanges answered in it, nanoseconds, 1.6 % off at most; 0 where there was none.
    package var p50: UInt64 = 0
    package var p99: UInt64 = 0
    package init() {}
  }

  /// The latencies of a bin that is not complete, in the fine buckets.
  private struct OpenLatencies {
    let bin: UInt64
    var words: [UInt32] = []
    var longest: UInt64 = 0
  }

  /// Bins that are kept: more than the widest terminal has columns.
  package static let capacity = 1024
  /// Bins whose latencies wait for late workers; of more, the oldest have the latencies that came so far.
  private static let openLimit = 64

  /// Nanoseconds of a bin: about 0.5 to 1.5 seconds.
  package let binLength: UInt64
  private let ticksPerBin: UInt64
  private var bins = [Bin](repeating: Bin(), count: capacity)
  /// The newest bin that has been begun.
  private var newest: UInt64 = 0
  /// The number of bins that are complete, from the first one on.
  private var complete: UInt64 = 0
  /// In order of their bins.
  private var open: [OpenLatencies] = []

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

  /// Adds what a tick has counted, and how long its answers took.
  mutating func add(_ totals: TrafficTotals, _ latencies: LatencyHistogram, tick: UInt64) {
    let bin = tick / ticksPerBin
    advance(to: bin)
    // Late by more than is kept.
    guard bin &+ UInt64(Self.capacity) > newest else { return }
    let place = Int(bin % UInt64(Self.capacity))
    bins[place].requests &+= totals.requests
    bins[place].successes &+= totals.successes
    bins[place].failures &+= totals.failures
    if totals.successes &+ totals.failures > 0 { add(latencies, to: bin) }
  }

  private mutating func add(_ latencies: LatencyHistogram, to bin: UInt64) {
    var place = open.count
    while place > 0, open[place - 1].bin > bin { place -= 1 }
    if place == 0 || open[place - 1].bin < bin {
      open.insert(OpenLatencies(bin: bin), at: place)
      place += 1
    }
    open[place - 1].words += latencies.packed
    open[place - 1].longest = max(open[place - 1].longest, latencies.longest)
    if open.count > Self.openLimit { settle(open.removeFirst()) }
  }

  /// Turns the latencies of a bin into its quantiles.
  private mutating func settle(_ latencies: OpenLatencies) {
    guard latencies.bin &+ UInt64(Self.capacity) > newest else { return }
    var counts = [UInt64](repeating: 0, count: LatencyBuckets.fine.count)
    for word in latencies.words {
      let (bucket, count) = PackedCounts.unpack(word)
      counts[bucket] &+= count
    }
    let quantiles = LatencyBuckets.fine.quantiles([0.5, 0.99], maximum: latencies.longest) { counts[$0] }
    guard quantiles.count == 2 else { return }
    let place = Int(latencies.bin % UInt64(Self.capacity))
    (bins[place].p50, bins[place].p99) = (quantiles[0], quantiles[1])
  }

  /// All workers have handed over what came before this tick.
  mutating func reach(tick: UInt64) {
    complete = max(complete, tick / ticksPerBin)
    advance(to: complete)
    while let first = open.first, first.bin < complete { settle(open.removeFirst()) }
  }

  private mutating func advance(to bin: UInt64) {
    guard bin > newest else { return }
    for step in 0..<min(bin - newest, UInt64(Self.capacity)) {
      bins[Int((bin - step) % UInt64(Self.capacity))] = Bin()
    }
    newest = bin
  }
}
