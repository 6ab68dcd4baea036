// SPDX-License-Identifier: Apache-2.0
import HTTP1
import System
import Testing
import Text

/// Sections of several segments, with identifiers folded.
@Suite struct DeepSectionTests {
  private static func section(_ target: String, depth: Int) -> String {
    let bytes = Array("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    var head = MessageHead()
    guard HeadParser.parse(bytes.rawSpan, into: &head) != .invalid else { return "invalid" }
    let names = NameBuffer()
    return Reading.text(names, RequestTarget.appendSection(head, bytes.rawSpan, depth: depth, to: names))
  }

  @Test(
    arguments: [
      ("/users/17/cart", 1, "/users"), ("/users/17/cart", 2, "/users/{id}"),
      ("/users/17/cart", 3, "/users/{id}/cart"), ("/users/17/cart", 8, "/users/{id}/cart"),
      ("/17/18", 2, "/17/{id}"), ("/", 2, "/"), ("/?q", 2, "/"), ("/a", 3, "/a"), ("/a/", 3, "/a"),
      ("/a/?x=/b", 3, "/a"), ("/a//b", 3, "/a//b"), ("//a", 2, "//a"), ("/a/b#c", 2, "/a/b"),
      ("/a;v=1/17;v=2/c;d/e", 4, "/a/{id}/c/e"), ("http://h/a/5?x", 2, "/a/{id}"), ("http://h", 2, "/"),
      ("/v1/0f8fad5b-d9cb-469f-a165-70867728950e/x", 3, "/v1/{id}/x"),
      ("/v1/0f8fad5b-d9cb-469f-a165-70867728950/x", 3, "/v1/0f8fad5b-d9cb-469f-a165-70867728950/x"),
      ("/o/507f1f77bcf86cd799439011", 2, "/o/{id}"), ("/o/507F1F77BCF86CD799439011", 2, "/o/{id}"),
      ("/o/deadbeef", 2, "/o/deadbeef"), ("/o/abcdefabcdefabcdef", 2, "/o/abcdefabcdefabcdef"),
      ("/o/12a", 2, "/o/12a"), ("/o/1-2", 2, "/o/1-2"), ("/o/12-34-56", 2, "/o/12-34-56"),
      ("/a\\b/\u{e9}/7", 3, #"/a\\b/\xc3\xa9/{id}"#),
    ] as [(String, Int, String)])
  func `a section has as many segments as asked for`(target: String, depth: Int, section: String) {
    #expect(Self.section(target, depth: depth) == section)
  }

  @Test func `asterisk and CONNECT have what they have at depth 1`() {
    #expect(Self.section("*", depth: 4) == "*")
    let bytes = Array("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    var head = MessageHead()
    #expect(HeadParser.parse(bytes.rawSpan, into: &head) != .invalid)
    let names = NameBuffer()
    #expect(RequestTarget.appendSection(head, bytes.rawSpan, depth: 3, to: names).count == 0)
  }

  @Test func `a very long section is not folded, and different ones stay different`() {
    let long = String(repeating: "x", count: 230)
    #expect(Self.section("/\(long)/17/y", depth: 2) == "/\(long)/{id}")
    let a = Self.section("/\(long)\(long)/17", depth: 2), b = Self.section("/\(long)\(long)/18", depth: 2)
    #expect(a != b && a.count == PrintableName.maximumLength)
  }
}
