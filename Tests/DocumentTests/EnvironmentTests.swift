// SPDX-License-Identifier: Apache-2.0
import Testing

/// Every variable that the program reads stands in the manual and in the guide.
@Suite struct EnvironmentTests {
  /// The names of variables in source text that reads the environment: literals of capitals and underscores.
  static func variables(_ source: String) -> Set<String> {
    guard source.contains("Environment.value(") else { return [] }
    return Set(source.matches(of: /"([A-Z][A-Z_]{2,})"/).map { String($0.1) })
  }

  @Test func `the manual and the guide name every variable that is read`() throws {
    var read: Set<String> = ["TZ"]  // by the C library
    for path in Repository.files(below: "Sources", endingIn: ".swift") {
      read.formUnion(Self.variables(try Repository.text(path)))
    }
    #expect(
      read.isSuperset(of: ["NO_COLOR", "TERM", "LANG", "XDG_STATE_HOME", "NOTIFY_SOCKET", "JOURNAL_STREAM"]))
    let guide = try Repository.text("docs/guide.md")
    let items = try Repository.text("packaging/wiretally.8.in").split(separator: "\n")
      .filter { $0.hasPrefix(".It Ev ") }.joined(separator: " ")
    let manual = Set(items.split(separator: " ").map(String.init))
    for name in read {
      #expect(guide.contains("`\(name)`"), "docs/guide.md: \(name)")
      #expect(manual.contains(name), "packaging/wiretally.8.in: \(name)")
    }
  }
}
