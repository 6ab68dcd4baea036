// SPDX-License-Identifier: Apache-2.0
import Testing

/// Every file that a document names exists.
@Suite struct PathTests {
  /// The paths that a document has in code spans: those below the repository's folders, and names of source files alone.
  static func paths(in document: String) -> [String] {
    let inFolders = document.matches(
      of: /`((?:Sources|Tests|bpf|docs|packaging)\/[A-Za-z0-9_.\/+@-]*)(?=[` ])/)
    let alone = document.matches(of: /`([A-Za-z0-9_+]+\.(?:swift|c|h|py))`/)
    return inFolders.map { String($0.1) } + alone.map { String($0.1) }
  }

  @Test func `every file that a document names exists`() throws {
    let sources = [".swift", ".c", ".h", ".py"].flatMap { Repository.files(endingIn: $0) }
    let names = Set(sources.compactMap { $0.split(separator: "/").last.map(String.init) })
    var count = 0
    // A changelog names what was; the captures' document names files of other repositories.
    let others = ["CHANGELOG.md", "Tests/Captures/README.md"]
    for document in Repository.files(endingIn: ".md") where !others.contains(document) {
      for path in Self.paths(in: try Repository.text(document)) {
        count += 1
        let exists = path.contains("/") ? Repository.exists(path) : names.contains(path)
        #expect(exists, "\(document) names \(path)")
      }
    }
    #expect(count >= 20)
  }

  @Test func `paths and names of files are found in code spans`() {
    let text =
      "`Sources/A/B+C.swift` and `Tests/Lint/words --count`, `wt_a.c`; `Sources/C*` is a pattern, `make lint` none"
    #expect(Self.paths(in: text) == ["Sources/A/B+C.swift", "Tests/Lint/words", "wt_a.c"])
  }
}
