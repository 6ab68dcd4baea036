// SPDX-License-Identifier: Apache-2.0
import RegularExpressions
import Testing

@Suite struct RegularExpressionTests {
  @Test(
    arguments: [
      ("^/api/v[12]/", "/api/v2/users", true), ("^/api/v[12]/", "/x/api/v2/", false),
      ("users", "/api/users", true),
      ("(a|b)$", "/b", true), ("", "", true), ("^$", "/", false), ("\\d+", "/a17", true),
      ("API", "/api", false),
    ])
  func `a part of a text matches, unless the expression says otherwise`(
    text: String, name: String, matches: Bool
  ) throws {
    #expect(try RegularExpression(text).matches(name) == matches)
  }

  @Test func `case is ignored where it is to be`() throws {
    #expect(try RegularExpression("API", ignoresCase: true).matches("/api"))
    #expect(try RegularExpression("^api", ignoresCase: true).matches("API.example"))
  }

  @Test(
    arguments: [
      ("(", "missing ): ("), ("a**", "bad repetition operator: **"),
      ("[z-a]", "invalid character class range: z-a"),
      ("\\1", "invalid escape sequence: \\1"), ("a{1001}", "invalid repetition size: {1001}"),
      (String(repeating: "a", count: 257), "more than 256 bytes"),
    ])
  func `what is no expression is refused, in words`(text: String, reason: String) {
    #expect(throws: RegularExpression.Fault(reason: reason)) { try RegularExpression(text) }
  }

  /// An engine that goes back would take longer than anybody waits: 2 to the power of the text's length.
  @Test func `no text makes an expression slow`() throws {
    let hostile = String(repeating: "a", count: 1_000)
    for text in [
      "(a*)*b", "(a|a)*b", "(a|aa)+$b", "(.*)(.*)(.*)(.*)(.*)b", "(x+x+)+y|a?a?a?a?a?a?a?a?aaaaaaaab",
    ] {
      #expect(try RegularExpression(text).matches(hostile) == false)
    }
    // More states than the automaton may keep.
    let bits = (0..<2_000).map { $0 * 7919 % 5 < 2 ? "a" : "c" }.joined()
    #expect(try RegularExpression("a.{200}b").matches(bits) == false)
  }

  @Test func `bytes of any value may be matched`() throws {
    let bytes: [UInt8] = [0, 0xff, 0x61]
    #expect(
      try RegularExpression("a$").matches(bytes[...]) && RegularExpression("^a").matches(bytes[...]) == false)
  }
}
