// SPDX-License-Identifier: Apache-2.0
package import Capture

/// The cost of the filter for a packet on this machine, by the kernel's own measure.
package struct FilterBenchmark: Sendable {
  /// One kind of packet and the nanoseconds that the filter takes for it.
  package struct Row: Sendable {
    package var name: String
    /// Of the fastest round: whatever else the machine does only ever adds.
    package var nanoseconds: Int
    /// Of the round in the middle.
    package var median: Int
  }

  package private(set) var rows: [Row] = []
  /// What the reader takes for a record, from ring to closure, in nanoseconds; 0 without any record.
  package private(set) var reading = 0.0

  /// Runs the filter `rounds` times `times` over each frame.
  package static func measure(
    frames: [(name: String, bytes: [UInt8])], depth: CaptureDepth = .heads, times: Int = 20_000,
    rounds: Int = 25
  ) throws(CaptureError) -> FilterBenchmark {
    var benchmark = FilterBenchmark()
    // Large enough that no round fills it: a full ring would be measured as a fast one.
    let trial = try FilterTrial(KernelCaptureOptions(depth: depth, ringBytes: 64 << 20))
    let clock = ContinuousClock()
    var (records, spent) = (0, Duration.zero)
    for frame in frames {
      var taken: [Int] = []
      for _ in 0..<max(rounds, 1) {
        taken.append(try trial.filter(frame.bytes, times: times))
        for reader in trial.readers {
          let start = clock.now
          var bytes = 0
          let outcome = try reader.receive(timeout: 0) { _, payload in bytes &+= payload.byteCount }
          if case .delivered(let count) = outcome, count > 0 {
            records += count
            spent += clock.now - start
          }
        }
      }
      taken.sort()
      benchmark.rows.append(
        Row(name: frame.name, nanoseconds: taken[0], median: taken[taken.count / 2]))
    }
    if records > 0 { benchmark.reading = spent / .nanoseconds(1) / Double(records) }
    let lost = trial.counters().lost
    if lost > 0 { throw CaptureError(.unavailable, "the measurement filled the ring: \(lost) records lost") }
    return benchmark
  }
}
