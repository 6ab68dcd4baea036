// SPDX-License-Identifier: Apache-2.0

import Exchanges
import System

/// gRPC's methods of an interval or of the life, merged over the workers.
extension Timeline {
  /// For each worker, the slots of the methods of the sites that still live in their slots, by the site's slot.
  func callsBySite(_ scope: WorkerReplica.Scope) -> [[Int: [Int]]] {
    replicas.map { replica in
      var calls: [Int: [Int]] = [:]
      let rows = replica.calls.rows(scope), sites = replica.sites.rows(scope)
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        // The owner is the site's slot and generation, as a section's is.
        let owner = rows.rows[slot].owner, site = Int(owner & 0xffff_ffff)
        guard sites.rows[site].generation == UInt32(owner >> 32) else { continue }
        calls[site, default: []].append(slot)
      }
      return calls
    }
  }

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
      return call
    }
    return calls.sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
  }
}
