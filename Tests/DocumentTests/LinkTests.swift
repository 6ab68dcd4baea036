// SPDX-License-Identifier: Apache-2.0
import Testing

/// Every relative link of every document leads to a file and a heading that exist.
@Suite struct LinkTests {
  static func document(_ path: String) -> Markdown? { (try? Repository.text(path)).map(Markdown.init) }

  @Test func `every link leads to a file and a heading`() throws {
    let paths = Repository.files(endingIn: ".md")
    #expect(paths.contains("README.md") && paths.contains("docs/semantics.md"))
    var count = 0
    for path in paths {
      let markdown = Markdown(try Repository.text(path))
      count += markdown.links.count
      let broken = markdown.brokenLinks(at: path, Self.document, Repository.exists)
      #expect(broken.isEmpty, "\(broken)")
    }
    #expect(count >= 40)
  }

  @Test func `a missing file and a missing heading are found`() {
    let text = """
      # A heading, with *stars*
      [good](docs/guide.md#exit-status) [gone](nowhere.md) [file](docs/guide.md#nothing) [web](https://example.com/x)
      `[code](none.md)`
      """
    let broken = Markdown(text).brokenLinks(at: "README.md", Self.document, Repository.exists)
    #expect(
      broken == ["README.md: nowhere.md: no such file", "README.md: docs/guide.md#nothing: no such heading"])
    #expect(
      Markdown(text + "\n# A heading, with *stars*\n").anchors == [
        "a-heading-with-stars", "a-heading-with-stars-1",
      ])
    #expect(Markdown.resolve("../a/./b.md", from: "docs/c.md") == "a/b.md")
  }

  @Test func `every document is in the index, and the README is short`() throws {
    let index = Markdown(try Repository.text("docs/README.md")).links.map {
      Markdown.resolve($0, from: "docs/README.md")
    }
    for path in Repository.files(below: "docs", endingIn: ".md") where path != "docs/README.md" {
      #expect(index.contains(path), "docs/README.md does not link to \(path)")
    }
    let lines = try Repository.text("README.md").split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count < 150)
  }
}
