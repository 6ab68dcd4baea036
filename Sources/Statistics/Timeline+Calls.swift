// SPDX-License-Identifier: Apache-2.0

import Exchanges
import System

/// gRPC's methods of an interval or of the life, merged over the workers.
extension Timeline {
  /// The methods in these slots of workers, by name; those with the most calls first.
  func callCounts(_ scope: WorkerReplica.Scope, _ places: [(replica: Int, slot: Int)]) -> [CallCounts] {
    guard !places.isEmpty else { return [] }
    let named = Dictionary(grouping: places) { replicas[$0.replica].calls.name($0.slot) }
    let calls = named.map { name, places in
      var call = CallCounts(name: name)
      let parts = places.map { (rows: replicas[$0.replica].calls.rows(scope), slot: $0.slot) }
      for part in parts {
        let counts = part.rows.rows[part.slot].counts
        call.requests &+= counts.requests
        call.successes &+= counts.successes
        call.failures &+= counts.failures
        call.unanswered.add(counts.unanswered)
      }
      let statuses = CounterRows.statuses(parts)
      if !statuses.isEmpty {
        call.statuses = CallMark.ends.compactMap { mark in
          let count = statuses[Int(mark.rawValue)]
          return count > 0 ? NamedCount(name: mark.name, count: count) : nil
        }
      }
      call.latency = CounterRows.latency(parts)
      if keepsDetails(scope) { call.detail = CounterRows.detail(parts) }
      return call
    }
    return calls.sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
  }
}
