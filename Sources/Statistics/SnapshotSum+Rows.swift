// SPDX-License-Identifier: Apache-2.0

import Owners

/// The sum of a name's rows of several intervals: outcomes, and the latency that their codes give.
struct RowSum<Row: DetailedSums & Sendable>: Sendable {
  private var sum: Row
  private(set) var codes = CodeSums(codes: CodeCounts.rowCodes)

  /// - Parameter row: one without counts.
  init(_ row: Row) { sum = row }

  mutating func add(_ row: Row) {
    sum.addOutcomes(of: row)
    sum.latency.count &+= row.latency.count
    codes.add(row.detail, maximum: row.latency.maximum)
  }

  var counts: Row {
    var counts = sum
    counts.latency = codes.latency(.coarse, answered: sum.latency.count)
    return counts
  }
}

/// The sum of a site's rows of several intervals.
struct SiteSum: Sendable {
  private var row: RowSum<SiteCounts>
  private var overcountMax: UInt64 = 0
  private var sections: [String: SectionSum] = [:]
  private var calls: [String: CallSum] = [:]
  private var owners: [SiteOwner] = []

  init(_ name: String) { row = RowSum(SiteCounts(name: name)) }

  var codes: CodeSums { row.codes }

  mutating func add(_ site: SiteCounts, _ left: inout SnapshotSum.NamesLeft) {
    row.add(site)
    overcountMax &+= site.overcountMax
    for section in site.sections {
      if sections[section.name] == nil {
        guard left.sections > 0, sections.count < SnapshotSum.partLimit else { continue }
        left.sections -= 1
      }
      sections[section.name, default: SectionSum(section.name)].add(section, &left)
    }
    for call in site.calls {
      if calls[call.name] == nil {
        guard left.calls > 0, calls.count < SnapshotSum.partLimit else { continue }
        left.calls -= 1
      }
      calls[call.name, default: CallSum(call.name)].add(call)
    }
    for owner in site.owners { add(owner) }
  }

  private mutating func add(_ owner: SiteOwner) {
    var index = owners.firstIndex { $0.process?.owner == owner.process?.owner }
    if index == nil, owners.count < SnapshotSum.ownerLimit {
      owners.append(SiteOwner(process: owner.process))
      index = owners.endIndex - 1
    }
    if index == nil {
      // Those that have no row of their own have one together.
      index = owners.firstIndex { $0.process?.owner == .other } ?? owners.endIndex
      if index == owners.endIndex { owners.append(SiteOwner(process: OwnerProcess(owner: .other))) }
    }
    guard let index else { return }
    owners[index].process.narrow(to: owner.process)
    owners[index].requests &+= owner.requests
    owners[index].failures &+= owner.failures
  }

  var counts: SiteCounts {
    var counts = row.counts
    counts.overcountMax = overcountMax
    counts.sections = sections.values.map(\.counts).sorted {
      ($1.requests, $0.name) < ($0.requests, $1.name)
    }
    counts.owners = owners.sorted { ($1.requests, $0.key) < ($0.requests, $1.key) }
    counts.calls = calls.values.map(\.counts).sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
    return counts
  }
}

/// The sum of a section's rows. Most of them have few buckets: they are kept as they come.
private struct SectionSum: Sendable {
  private var sum: SectionCounts
  private var codes: [UInt16: UInt64] = [:]

  init(_ name: String) { sum = SectionCounts(name: name) }

  mutating func add(_ section: SectionCounts, _ left: inout SnapshotSum.NamesLeft) {
    sum.addOutcomes(of: section)
    sum.isRequestsOnly = sum.isRequestsOnly || section.isRequestsOnly
    sum.latency.count &+= section.latency.count
    sum.latency.maximum = max(sum.latency.maximum, section.latency.maximum)
    for entry in section.detail.entries where Int(entry.code) < LatencyBuckets.coarse.count {
      if codes[entry.code] == nil {
        guard left.sectionBuckets > 0 else { continue }
        left.sectionBuckets -= 1
      }
      codes[entry.code, default: 0] &+= entry.count
    }
  }

  var counts: SectionCounts {
    var counts = sum
    var sums = LatencySums()
    for (code, count) in codes { sums.add(count, bucket: Int(code)) }
    counts.latency = sums.summary(count: sum.latency.count, maximum: sum.latency.maximum)
    return counts
  }
}

/// The sum of a gRPC method's rows.
private struct CallSum: Sendable {
  private var row: RowSum<CallCounts>
  private var statuses: [String: UInt64] = [:]
  /// Statuses in the order in which they came.
  private var names: [String] = []

  init(_ name: String) { row = RowSum(CallCounts(name: name)) }

  mutating func add(_ call: CallCounts) {
    row.add(call)
    for status in call.statuses {
      if statuses[status.name] == nil { names.append(status.name) }
      statuses[status.name, default: 0] &+= status.count
    }
  }

  var counts: CallCounts {
    var counts = row.counts
    counts.statuses = names.map { NamedCount(name: $0, count: statuses[$0] ?? 0) }
    return counts
  }
}

/// The identity of an owner's rows, whichever of its processes it was.
struct OwnerKey: Hashable {
  private var role: OwnerCounts.Role
  private var owner: Owner?

  init(_ row: OwnerCounts) { (role, owner) = (row.role, row.process?.owner) }

  /// What found no row.
  static func other(_ role: OwnerCounts.Role) -> OwnerKey {
    OwnerKey(OwnerCounts(role: role, process: OwnerProcess(owner: .other)))
  }

  /// A row without counts.
  var row: OwnerCounts { OwnerCounts(role: role, process: owner.map { OwnerProcess(owner: $0) }) }
}

/// The sum of an owner's rows.
struct OwnerSum: Sendable {
  private var sum: RowSum<OwnerCounts>
  private var process: OwnerProcess?
  /// As the last interval had it.
  private var inFlight: UInt64 = 0

  /// - Parameter first: the first row, or one without counts.
  init(_ first: OwnerCounts) {
    process = first.process
    sum = RowSum(OwnerCounts(role: first.role, process: first.process))
  }

  mutating func clearInFlight() { inFlight = 0 }

  mutating func add(_ owner: OwnerCounts) {
    sum.add(owner)
    process.narrow(to: owner.process)
    inFlight &+= owner.inFlight
  }

  var row: OwnerCounts {
    var row = sum.counts
    (row.process, row.inFlight) = (process, inFlight)
    return row
  }
}

extension OwnerProcess? {
  /// Leaves the number of the process out when another one has it as well.
  fileprivate mutating func narrow(to other: OwnerProcess?) {
    if self?.process != other?.process { self?.process = nil }
  }
}
