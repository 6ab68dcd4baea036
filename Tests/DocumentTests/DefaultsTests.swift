// SPDX-License-Identifier: Apache-2.0
import Alerting
import Exchanges
import Statistics
import Testing

/// docs/semantics.md has the values that the program works with.
@Suite struct DefaultsTests {
  /// A number with a comma between groups of three digits, as documents have it.
  static func number(_ value: some BinaryInteger) -> String {
    let digits = String(value)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// Nanoseconds in the longest unit that leaves a whole number.
  static func duration(_ nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case let time where time % 3_600_000_000_000 == 0: "\(time / 3_600_000_000_000) h"
    case let time where time % 1_000_000_000 == 0: "\(time / 1_000_000_000) s"
    default: "\(nanoseconds / 1_000_000) ms"
    }
  }

  /// The second column of the row that begins with `label` in the table of defaults; nil without one.
  static func value(of label: String, in document: String) -> String? {
    let rows = document.split(separator: "\n").filter { $0.hasPrefix("| \(label) | ") }
    guard rows.count == 1 else { return nil }
    return rows[0].split(separator: "|").dropFirst().first.map { String($0.dropFirst().dropLast()) }
  }

  @Test func `the table of defaults has the program's values`() throws {
    let live = ExchangeLimits(), file = ExchangeLimits.file
    let budgets = StatisticsBudgets(pendingExchanges: 0)
    let expected = [
      "wait for a response": "`--timeout`, \(Self.duration(live.timeout))",
      "connections": Self.number(live.flows),
      "requests waiting": Self.number(live.pendingRequests),
      "unfinished heads up to 2 KiB; up to 64 KiB":
        "\(Self.number(live.smallHeads)); \(Self.number(live.largeHeads))",
      "segments held for missing bytes, 2 KiB each":
        "\(Self.number(live.heldSegments)); \(Self.number(live.heldPerDirection)) per direction "
        + "(files: \(Self.number(file.heldPerDirection)))",
      "time held for missing bytes":
        "\(Self.duration(live.gapPatience)) (files: \(Self.duration(file.gapPatience)))",
      "sites; pairs of site and section; clients; unregistered methods":
        "\(Self.number(budgets.sites)); \(Self.number(budgets.sections)); \(Self.number(budgets.clients)); "
        + Self.number(budgets.methods),
      "rows of a slice of a window: sites; pairs of site and section; clients; others":
        SliceTable.Limit.all.map(Self.number).joined(separator: "; "),
      "rules; sites with rules": "\(AlertRuleList.limit); \(PinnedSites.limit) (all workers)",
    ]
    let document = try Repository.text("docs/semantics.md")
    for (label, value) in expected {
      #expect(Self.value(of: label, in: document) == value, "\(label)")
    }
    #expect(document.contains("The last \(AlertWatch.history) past alerts"))
    #expect(document.contains("at most \(Self.number(Timeline.longestSilence)) empty intervals"))
  }

  @Test func `values are written and found as in documents`() {
    #expect(Self.number(1_234_567) == "1,234,567" && Self.number(64) == "64")
    #expect(Self.duration(3_000_000_000) == "3 s" && Self.duration(250_000_000) == "250 ms")
    #expect(Self.value(of: "a", in: "| a | 1; 2 | x |\n| ab | 3 | y |") == "1; 2")
    #expect(Self.value(of: "b", in: "| a | 1 | x |") == nil)
  }
}
