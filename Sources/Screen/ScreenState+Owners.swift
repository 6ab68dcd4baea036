// SPDX-License-Identifier: Apache-2.0

import Owners
import Statistics

extension ScreenState {
  /// The owners of one side that pass the filter, in the order of the chosen column.
  func owners(_ role: OwnerCounts.Role, _ content: ScreenContent) -> [OwnerCounts] {
    let shown = (content.life.owners ?? []).filter { owner in
      owner.role == role && (filter.isEmpty || owner.words.contains { $0.lowercased().contains(filter) })
    }
    if sort == .requests, !isReversed { return shown }
    let ordered = shown.enumerated().sorted { a, b in
      let (before, after) = isReversed ? (b, a) : (a, b)
      return precedes(before.element, after.element) ?? (a.offset < b.offset)
    }
    return ordered.map(\.element)
  }

  /// Whether a stands before b; nil when they are equal in the chosen column.
  private func precedes(_ a: OwnerCounts, _ b: OwnerCounts) -> Bool? {
    func order<Value: Comparable>(_ first: Value, _ second: Value) -> Bool? {
      first == second ? nil : first > second
    }
    return switch sort {
    case .requests: order(a.requests, b.requests)
    case .successes: order(a.successes, b.successes)
    case .failures: order(a.failures, b.failures)
    case .unanswered: order(a.unanswered.count, b.unanswered.count)
    case .maximum: order(a.latency.maximum, b.latency.maximum)
    case .p50: order(a.latency.p50, b.latency.p50)
    case .p99: order(a.latency.p99, b.latency.p99)
    // Names begin with a.
    case .name: order(b.label, a.label)
    }
  }
}

extension OwnerCounts {
  /// All names that it has.
  fileprivate var words: [String] {
    guard let owner = process?.owner else { return ["?"] }
    return [owner.process, owner.unit, owner.container, owner.pod].compactMap(\.self)
  }

  /// What the table calls it, one text an owner: `nginx  nginx.service`.
  var label: String {
    guard let owner = process?.owner else { return "? not known" }
    return owner.place.map { "\(owner.process)  \($0)" } ?? owner.process
  }
}
