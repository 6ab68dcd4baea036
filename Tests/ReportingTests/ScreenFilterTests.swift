// SPDX-License-Identifier: Apache-2.0
import Screen
import Testing

/// Filters typed on the screen as conditions: what they choose in each list, and what is reported of wrong ones.
@Suite struct ScreenFilterTests {
  private typealias Operator = ScreenKeysTests.Operator

  /// The rows of exchanges that are on the screen.
  private func rows(_ user: ScreenKeysTests.Operator) -> [String] {
    user.screen.lines.dropFirst(3).dropLast().filter { !$0.isEmpty }
  }

  @Test func `exchanges are chosen as by --where, in the live list, of the slowest and of the failed`() {
    let filter = "status>=500 and site=google.com and latency>1us and not path=/healthz"
    for view in ["l", "t", "e"] {
      var user = Operator()
      user.type(view + "/" + filter)
      user.press(.enter)
      #expect(user.state.mode == .normal && user.state.filter == filter)
      let content = user.content
      let all = view == "l" ? content.exchanges : view == "t" ? content.slowest : content.failures
      let chosen = all.filter { $0.status >= 500 && $0.site == "google.com" && $0.latency > 1_000 }
      #expect(rows(user).count == min(chosen.count, 20) && !chosen.isEmpty, "\(view)")
      #expect(rows(user).allSatisfy { $0.contains("google.com") && $0.contains(" 503 ") }, "\(view)")
      user.type("/ and bytes>1")
      user.press(.enter)
      #expect(rows(user).count == min(chosen.count { $0.bytes ?? 0 > 1 }, 20))
    }
  }

  @Test func `methods and clients are compared as they are, and what was not answered has no latency`() {
    var user = Operator()
    user.content.exchanges[1].hasLatency = false
    user.type("l/method=POST and client=10.77.*")
    #expect(!rows(user).isEmpty && rows(user).allSatisfy { $0.contains(" POST ") })
    user.press(.escape)
    user.type("/latency>=1us")
    user.press(.enter)
    let answered = user.content.exchanges.count { $0.status > 0 && $0.latency > 0 } - 1
    #expect(answered < 39 && user.screen.text.contains(" \(answered) kept"), "\(user.screen.text)")
  }

  @Test func `sites are chosen by name and by their sections, which stand for paths`() {
    var user = Operator()
    user.type("/site=*.example and path=/")
    #expect(user.screen.text.contains("Sites 1 of 6") && user.selectedRow.contains("quiet.example"))
    user.press(.escape)
    user.type("/path=/maps")
    user.press(.enter)
    #expect(user.screen.text.contains("Sites 1 of 6 with 'path=/.."))
    user.press(.enter)
    user.type("/not path=/maps")
    #expect(user.screen.text.contains("/search") && !user.screen.text.contains(" /maps "))
    user.press(.escape)
    user.press(.escape, .escape)
    user.type("/path=/nothing")
    #expect(user.screen.text.contains("No site and no section is like 'path=/nothing'."))
  }

  @Test func `processes are chosen by their names, and one that is not known has none`() {
    for (filter, title) in [
      ("unit=nginx.*", "1 of 5"), ("process=python3 and container=docker:*", "1 of 5"),
      ("process=python3 and unit=*.service", "0 of 5"), ("process~^(nginx|python3)$", "2 of 5"),
      ("not process~.", "1 of 5"), ("process!=nginx", "4 of 5"),
    ] {
      var user = Operator()
      user.type("o/" + filter)
      user.press(.enter)
      #expect(user.state.mode == .normal && user.state.filter == filter)
      #expect(user.screen.text.contains("Servers by process \(title)"), "\(user.screen.text)")
    }
  }

  @Test func `clients are chosen by address`() {
    var user = Operator()
    user.type("c/client=198.51.*")
    user.press(.enter)
    #expect(user.screen.text.contains("Clients 1 of 4 with 'clien.."))
    #expect(user.selectedRow.contains("198.51.100.200"))
  }

  @Test(arguments: [
    ("/", "status=503", "at 1: the list of sites has no 'status' (only site, path); esc, l: exchanges"),
    ("c", "path=/", "at 1: the list of clients has no 'path' (only client); esc, l: exchanges"),
    (
      "o", "site=a and",
      "at 1: the list of processes has no 'site' (only process, unit, container, pod); esc, l: exchanges"
    ),
    (
      "l", "unit=a",
      "at 1: an exchange has no 'unit' (only site, path, client, method, status, latency, bytes); "
        + "o on the screen lists processes"
    ),
    ("l", "status=5x", "at 8: invalid status '5x' (expected 503, or 5xx after = or !=)"),
    (
      "l", "stauts>=500",
      "at 1: unknown 'stauts' (expected one of site, path, client, method, status, latency, bytes)"
    ),
    ("l", "(site=a or", "at 11: expected one of site, path, client, method, status, latency, bytes"),
  ])
  func `a condition that cannot be is named with its place, and what was typed stays`(
    view: String, filter: String, fault: String
  ) {
    var user = Operator()
    if view != "/" { user.type(view) }
    let before = user.screen.lines
    user.type("/" + filter)
    user.press(.enter)
    #expect(user.state.mode == .filter && user.state.filter == filter)
    let screen = user.screen
    #expect(screen.lines[23].contains(": \(filter)_"))
    let shown = screen.lines.suffix(3).joined(separator: " ").split(separator: " ").joined(separator: " ")
    #expect(shown.contains(fault), "\(shown)")
    // No row is left out by it.
    #expect(screen.lines[3...12] == before[3...12])
    user.press(.escape)
    #expect(user.state.mode == .normal && user.state.filter.isEmpty && user.screen.lines == before)
  }

  @Test func `the place of what is wrong is marked, also at the end and beyond the left of the line`() {
    var user = Operator()
    user.type("l/status=5x and path=/")
    let label = " filter exchanges: "
    #expect(user.screen.text(in: .alarm, row: 23) == "5x")
    #expect(user.screen.style(row: 23, column: label.count + 7) == .alarm)
    user.press(.escape)
    user.type("/status=")
    #expect(user.screen.text(in: .alarm, row: 23) == "_")
    user.press(.escape)
    user.type("/status=5x and path=/" + String(repeating: "a", count: 100))
    #expect(user.screen.lines[23].hasSuffix("aaa_") && user.screen.lines[22].contains("at 8: invalid status"))
  }

  @Test func `what is no comparison of a field is looked for as it is`() {
    var user = Operator()
    for text in ["q=39", "status", "not", "a=b"] {
      user.type("l/\(text)")
      user.press(.enter)
      #expect(user.state.mode == .normal && user.state.filter == text)
      user.press(.escape)
    }
    user.type("l/Q=39")
    #expect(rows(user).count == 1)
  }
}
