// SPDX-License-Identifier: Apache-2.0

import Owners

/// What a site's rows of several intervals come to.
struct SiteSum {
  private var sum: SiteCounts
  private(set) var codes = CodeSums(codes: CodeCounts.rowCodes)
  private var answered: UInt64 = 0
  private var sections: [String: UInt64] = [:]
  private var calls: [String: CallSum] = [:]
  private var owners: [SiteOwner] = []

  init(_ name: String) { sum = SiteCounts(name: name) }

  mutating func add(_ site: SiteCounts) {
    sum.requests &+= site.requests
    sum.overcountMax &+= site.overcountMax
    sum.successes &+= site.successes
    sum.failures &+= site.failures
    sum.unanswered.add(site.unanswered)
    answered &+= site.latency.count
    codes.add(site.detail, maximum: site.latency.maximum)
    for section in site.sections
    where sections[section.name] != nil || sections.count < SnapshotSum.partLimit {
      sections[section.name, default: 0] &+= section.count
    }
    for call in site.calls where calls[call.name] != nil || calls.count < SnapshotSum.partLimit {
      calls[call.name, default: CallSum(call.name)].add(call)
    }
    for owner in site.owners {
      if let place = owners.firstIndex(where: { $0.process?.owner == owner.process?.owner }) {
        owners[place].requests &+= owner.requests
        owners[place].failures &+= owner.failures
      } else if owners.count < SnapshotSum.ownerLimit {
        owners.append(owner)
      }
    }
  }

  var counts: SiteCounts {
    var counts = sum
    counts.latency = codes.latency(.coarse, answered: answered)
    counts.sections = SnapshotSum.sorted(sections)
    counts.owners = owners.sorted { ($1.requests, $0.key) < ($0.requests, $1.key) }
    counts.calls = calls.values.map(\.counts).sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
    return counts
  }
}

/// What the rows of a gRPC method come to.
private struct CallSum {
  private var sum: CallCounts
  private var codes = CodeSums(codes: CodeCounts.rowCodes)
  private var statuses: [String: UInt64] = [:]
  /// Statuses in the order in which they came.
  private var names: [String] = []

  init(_ name: String) { sum = CallCounts(name: name) }

  mutating func add(_ call: CallCounts) {
    sum.requests &+= call.requests
    sum.successes &+= call.successes
    sum.failures &+= call.failures
    sum.unanswered.add(call.unanswered)
    sum.latency.count &+= call.latency.count
    codes.add(call.detail, maximum: call.latency.maximum)
    for status in call.statuses {
      if statuses[status.name] == nil { names.append(status.name) }
      statuses[status.name, default: 0] &+= status.count
    }
  }

  var counts: CallCounts {
    var counts = sum
    counts.latency = codes.latency(.coarse, answered: sum.latency.count)
    counts.statuses = names.map { NamedCount(name: $0, count: statuses[$0] ?? 0) }
    return counts
  }
}

/// Which rows are the same owner's.
struct OwnerKey: Hashable {
  private var role: OwnerCounts.Role
  private var owner: Owner?
  private var process: UInt32?

  init(_ row: OwnerCounts) {
    (role, owner, process) = (row.role, row.process?.owner, row.process?.process)
  }

  /// What found no row.
  static func other(_ role: OwnerCounts.Role) -> OwnerKey {
    OwnerKey(OwnerCounts(role: role, process: OwnerProcess(owner: .other)))
  }

  /// A row without counts.
  var row: OwnerCounts {
    OwnerCounts(role: role, process: owner.map { OwnerProcess(owner: $0, process: process) })
  }
}

/// What an owner's rows come to.
struct OwnerSum {
  private var sum: OwnerCounts
  private var codes = CodeSums(codes: CodeCounts.rowCodes)

  init(_ key: OwnerKey) { sum = key.row }

  mutating func add(_ owner: OwnerCounts) {
    sum.requests &+= owner.requests
    sum.successes &+= owner.successes
    sum.failures &+= owner.failures
    sum.unanswered.add(owner.unanswered)
    sum.latency.count &+= owner.latency.count
    // As the last interval had it.
    sum.inFlight = owner.inFlight
    codes.add(owner.detail, maximum: owner.latency.maximum)
  }

  var row: OwnerCounts {
    var row = sum
    row.latency = codes.latency(.coarse, answered: sum.latency.count)
    return row
  }
}
