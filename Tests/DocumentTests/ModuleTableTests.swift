// SPDX-License-Identifier: Apache-2.0
import Testing

/// The table of modules in ARCHITECTURE.md has every module.
@Suite struct ModuleTableTests {
  /// The modules that a table names in the second column of its rows.
  static func named(_ document: String) -> [String] {
    document.split(separator: "\n").filter { $0.hasPrefix("| ") }.flatMap { row -> [String] in
      let cells = row.split(separator: "|", omittingEmptySubsequences: false)
      guard cells.count > 3 else { return [] }
      return cells[2].matches(of: /`([A-Za-z0-9]+)`/).map { String($0.1) }
    }
  }

  @Test func `every module has its place in the table, once`() throws {
    let sources = ["swift", "c", "cpp"].flatMap { Repository.files(below: "Sources", endingIn: ".\($0)") }
    let modules = Set(sources.map { String($0.split(separator: "/")[1]) })
    let document = try Repository.text("ARCHITECTURE.md")
    guard let begin = document.firstRange(of: "\n## Modules\n"),
      let end = document[begin.upperBound...].firstRange(of: "\n## ")
    else {
      Issue.record("ARCHITECTURE.md has no table of modules")
      return
    }
    #expect(modules.count > 20)
    #expect(Self.named(String(document[begin.upperBound..<end.lowerBound])).sorted() == modules.sorted())
  }

  @Test func `the modules of a table are found, and words of its other columns are not`() {
    let table =
      "| layer | module | contents |\n| --- | --- | --- |\n| a | `A`, `B` | of `C` |\n| | `D` | x |\n"
    #expect(Self.named(table) == ["A", "B", "D"])
  }
}
