// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System

/// The counts of one worker in a slice of time: exact totals, and the busiest rows of each table.
struct WorkerSlice {
  private(set) var totals = TrafficTotals()
  /// By `Method.rawValue`.
  private(set) var methods: [UInt32] = []
  private(set) var statuses: [UInt32] = []
  /// By the fine buckets.
  private(set) var latencies: [UInt32] = []
  /// The longest latency, nanoseconds.
  private(set) var maximum: UInt64 = 0
  /// In the order of `WorkerReplica.tables`.
  let tables: [SliceTable]

  /// What was counted by site.
  var sites: SliceTable { tables[0] }

  init(_ tally: Tally) {
    tables = zip(tally.tables, WorkerReplica.sliceLimits).map { SliceTable($0, limit: $1) }
    totals = tally.totals[0]
    guard totals != TrafficTotals() else { return }
    for method in 0..<tally.methods.count {
      PackedCounts.append(tally.methods[method], of: method, to: &methods)
    }
    for status in 0..<tally.statuses.count {
      PackedCounts.append(tally.statuses[status], of: status, to: &statuses)
    }
    latencies = tally.latency.packed
    maximum = tally.latency.longest
  }

  /// The sum of these.
  init(_ parts: [WorkerSlice]) {
    tables = WorkerReplica.sliceLimits.enumerated().map { place, limit in
      SliceTable(parts.map { $0.tables[place] }, limit: limit)
    }
    for part in parts {
      totals.add(part.totals)
      maximum = max(maximum, part.maximum)
    }
    methods = PackedCounts.merged(parts.flatMap(\.methods))
    statuses = PackedCounts.merged(parts.flatMap(\.statuses))
    latencies = PackedCounts.merged(parts.flatMap(\.latencies))
  }
}

/// A slice of time: what each worker has counted in it.
struct TrafficSlice {
  /// Its number among those of its length.
  let number: UInt64
  /// By worker; nil where it has counted nothing.
  var workers: [WorkerSlice?]

  init(number: UInt64, workers: Int) {
    self.number = number
    self.workers = Array(repeating: nil, count: workers)
  }

  /// The sum of these.
  init(number: UInt64, of parts: [TrafficSlice], workers: Int) {
    self.init(number: number, workers: workers)
    for worker in 0..<workers {
      let counted = parts.compactMap { $0.workers[worker] }
      if !counted.isEmpty { self.workers[worker] = WorkerSlice(counted) }
    }
  }
}
