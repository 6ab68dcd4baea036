// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// All rules of a watch: what is active in them, and what is over.
package struct AlertBoard: Sendable {
  /// Every rule's state; the threshold's first, then in the order given.
  package private(set) var watches: [AlertWatch]
  private let hasThreshold: Bool

  /// - Parameter threshold: the rule of `-t`, the original's.
  package init(threshold: AlertRule? = nil, rules: [AlertRule] = []) {
    hasThreshold = threshold != nil
    watches = ((threshold.map { [$0] } ?? []) + rules).map { AlertWatch($0) }
  }

  /// Rules whose states are known; the threshold's is the first, where there is one.
  init(watches: [AlertWatch]) {
    hasThreshold = watches.first?.rule.isThreshold ?? false
    self.watches = watches
  }

  /// The state of the rule of `-t`; nil without it.
  package var threshold: AlertWatch? { hasThreshold ? watches.first : nil }

  /// The states of the rules beyond `-t`.
  package var others: ArraySlice<AlertWatch> { watches.dropFirst(hasThreshold ? 1 : 0) }

  package var isEmpty: Bool { watches.isEmpty }

  /// Takes in the next interval and says what changed at its end.
  package mutating func observe(_ interval: Snapshot) -> [AlertTransition] {
    var changes: [AlertTransition] = []
    for index in watches.indices {
      if let change = watches[index].observe(interval) { changes.append(change) }
    }
    return changes
  }

  /// The same for people to read, with the times of alerts moved by this many nanoseconds.
  package func shifted(by shift: Int64) -> AlertBoard {
    guard shift != 0 else { return self }
    var moved = self
    for index in watches.indices { moved.watches[index] = watches[index].shifted(by: shift) }
    return moved
  }

  /// The transitions that raised the alerts that are active, in the rules' order.
  package var active: [AlertTransition] { watches.compactMap(\.active) }

  /// The last alerts that are over, newest first.
  package var past: [PastAlert] {
    let all = watches.flatMap(\.past).enumerated()
    // Of alerts that ended together, the order of the rules.
    let sorted = all.sorted { ($1.element.ended, $0.offset) < ($0.element.ended, $1.offset) }
    return sorted.prefix(AlertWatch.history).map(\.element)
  }

  /// The sites that rules are about, each once.
  package var sites: [String] {
    var sites: [String] = []
    for case let site? in watches.map(\.rule.site) where !sites.contains(site) { sites.append(site) }
    return sites
  }

  /// The owners that rules are about, each condition once.
  package var owners: [OwnerCondition] {
    var conditions: [OwnerCondition] = []
    for case let owners? in watches.map(\.rule.owners) where !conditions.contains(owners) {
      conditions.append(owners)
    }
    return conditions
  }

  /// The addresses of clients that rules are about, each once.
  package var clients: [(high: UInt64, low: UInt64)] {
    var clients: [(high: UInt64, low: UInt64)] = []
    for case .client(let high, let low)? in watches.map(\.rule.subject)
    where !clients.contains(where: { $0 == (high, low) }) {
      clients.append((high, low))
    }
    return clients
  }

  /// The sections that rules are about, each once.
  package var sections: [WatchedSection] {
    var sections: [WatchedSection] = []
    for case .section(let section)? in watches.map(\.rule.subject) where !sections.contains(section) {
      sections.append(section)
    }
    return sections
  }

  /// Whether a rule needs the latencies of all traffic.
  package var needsLatencies: Bool { watches.contains { $0.rule.needsLatencies && $0.rule.subject == nil } }
}
