// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenState {
  /// The clients that pass the filter, in the order of the chosen column; of those that clients do not have, in order of
  /// requests.
  func clients(_ content: ScreenContent) -> [ClientCounts] {
    let shown = content.life.clients.filter {
      $0.requests > 0 && (filter.isEmpty || $0.address.contains(filter))
    }
    if sort == .requests, !isReversed { return shown }
    let ordered = shown.enumerated().sorted { a, b in
      let (before, after) = isReversed ? (b, a) : (a, b)
      return precedes(before.element, after.element) ?? (a.offset < b.offset)
    }
    return ordered.map(\.element)
  }

  /// Whether a stands before b; nil when they are equal in the chosen column.
  private func precedes(_ a: ClientCounts, _ b: ClientCounts) -> Bool? {
    func order<Value: Comparable>(_ first: Value, _ second: Value) -> Bool? {
      first == second ? nil : first > second
    }
    return switch sort {
    case .requests, .p50, .p99: order(a.requests, b.requests)
    case .successes: order(a.successes, b.successes)
    case .failures: order(a.failures, b.failures)
    case .unanswered: order(a.unanswered.count, b.unanswered.count)
    case .maximum: order(a.slowest, b.slowest)
    // Addresses begin with the lowest.
    case .name: a.high == b.high ? order(b.low, a.low) : order(b.high, a.high)
    }
  }
}
