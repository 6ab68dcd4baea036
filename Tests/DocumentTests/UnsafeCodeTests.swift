// SPDX-License-Identifier: Apache-2.0
import Testing

/// docs/security.md lists the files with unsafe code: all of them, and no others.
@Suite struct UnsafeCodeTests {
  /// Whether Swift source text has unsafe code. With strict memory safety, which all targets have, each use of it is
  /// marked by the word.
  static func hasUnsafeCode(_ source: String) -> Bool {
    source.split(separator: "\n").contains { line in
      let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
      return code.contains(/\bunsafe\b/)
    }
  }

  /// The files that a document lists between its markers, as `module/file`.
  static func listed(_ document: String) -> [String] {
    guard let begin = document.firstRange(of: "<!-- unsafe files: begin -->"),
      let end = document.firstRange(of: "<!-- unsafe files: end -->")
    else { return [] }
    return document[begin.upperBound..<end.lowerBound].split(separator: "\n").flatMap { line in
      let names = line.matches(of: /`([^`]+)`/).map { String($0.1) }
      return names.dropFirst().map { "\(names[0])/\($0)" }
    }
  }

  @Test func `the list of files with unsafe code is complete, and has no others`() throws {
    var found: [String] = []
    for path in Repository.files(below: "Sources", endingIn: ".swift")
    where Self.hasUnsafeCode(try Repository.text(path)) {
      let parts = path.split(separator: "/")
      found.append("\(parts[1])/\(parts[parts.count - 1].dropLast(6))")
    }
    let listed = Self.listed(try Repository.text("docs/security.md"))
    #expect(!found.isEmpty && Set(listed).count == listed.count)
    let missing = Set(found).subtracting(listed).sorted()
    let superfluous = Set(listed).subtracting(found).sorted()
    #expect(missing.isEmpty, "add to docs/security.md: \(missing)")
    #expect(superfluous.isEmpty, "remove from docs/security.md: \(superfluous)")
  }

  @Test func `unsafe code is distinguished from a comment about it`() {
    #expect(Self.hasUnsafeCode("let a = 1\n  let b = unsafe read(a)"))
    #expect(Self.hasUnsafeCode("@unsafe struct A {}"))
    #expect(!Self.hasUnsafeCode("/// An unsafe thing.\nlet a = b // unsafe, once"))
    #expect(!Self.hasUnsafeCode("let isUnsafe = unsafely()"))
    #expect(
      Self.listed("<!-- unsafe files: begin -->\n| `A` | `B`, `C` |\n<!-- unsafe files: end -->\n`D`")
        == ["A/B", "A/C"])
  }
}
