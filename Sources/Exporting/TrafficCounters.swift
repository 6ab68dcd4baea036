// SPDX-License-Identifier: Apache-2.0

import HTTP1
package import Statistics

/// All traffic since the start, summed from its steps: it continues when the totals are reset on a screen.
package struct TrafficCounters: Equatable, Sendable {
  package var totals = TrafficTotals()
  /// Requests by `Method.rawValue`.
  package var methods = [UInt64](repeating: 0, count: Method.allCases.count)
  package var latencies = LatencyDistribution()
  /// Responses by status, in order of code: the first codes that were seen, since a server may answer
  /// with any of nine hundred.
  package var statuses: [StatusCount] = []
  /// Responses with other codes.
  package var otherStatuses: UInt64 = 0

  /// Codes with a counter at most; IANA's registry has 63.
  package static let statusLimit = 64

  package init() {}

  package mutating func add(_ recent: RecentTraffic) {
    totals.add(recent.totals)
    for (index, count) in recent.methods.prefix(methods.count).enumerated() { methods[index] &+= count }
    latencies.add(recent.latencies)
    for status in recent.statuses {
      if let place = statuses.firstIndex(where: { $0.status == status.status }) {
        statuses[place].count &+= status.count
      } else if statuses.count < Self.statusLimit {
        statuses.append(status)
        statuses.sort { $0.status < $1.status }
      } else {
        otherStatuses &+= status.count
      }
    }
  }
}
