// SPDX-License-Identifier: Apache-2.0
import System
import Testing
import Text

@testable import HTTP1

/// Elements of the fields in which proxies name their clients.
@Suite struct ForwardedNodeTests {
  /// The elements of a value, addresses in the form of pages and `-` for what is none.
  static func nodes(_ value: String, hasParameters: Bool = false) -> [String] {
    let bytes = Array(value.utf8)
    let closes = ForwardedNode.closesQuotes(bytes.rawSpan, 0, bytes.count)
    let form: ForwardedNode.Form = !hasParameters ? .list : closes ? .quoted : .parameters
    var offset = 0
    var nodes: [String] = []
    while offset < bytes.count {
      let before = offset
      let node = ForwardedNode.next(bytes.rawSpan, &offset, bytes.count, form)
      #expect(offset > before && offset <= bytes.count)
      switch node {
      case .address(let high, let low): nodes.append(AddressName.text(high: high, low: low))
      case .other: nodes.append("-")
      case nil: break
      }
    }
    return nodes
  }

  @Test(
    arguments: [
      ("203.0.113.9", ["203.0.113.9"]),
      ("203.0.113.9, 10.0.0.1", ["203.0.113.9", "10.0.0.1"]),
      (" 203.0.113.9\t,10.0.0.1 ", ["203.0.113.9", "10.0.0.1"]),
      ("203.0.113.9:1234", ["203.0.113.9"]),
      ("2001:db8::7, [2001:db8::8], [2001:db8::9]:443", ["2001:db8::7", "2001:db8::8", "2001:db8::9"]),
      ("\"[2001:db8::9]:443\"", ["2001:db8::9"]),
      ("::ffff:203.0.113.9", ["203.0.113.9"]),
      (",, ,203.0.113.9,,", ["203.0.113.9"]),
      ("unknown, _hidden, a.example", ["-", "-", "-"]),
      ("203.0.113.9:123456, 203.0.113.9:x, 203.0.113.256, [203.0.113.9]", ["-", "-", "-", "-"]),
      ("[2001:db8::9, 2001:db8::9]", ["-", "-"]), ("[]", ["-"]), ("\"\"", ["-"]), ("fe80::1%eth0", ["-"]),
      ("[2001:db8::9]443, [2001:db8::9]:", ["-", "-"]), ("\u{0}\u{ff}", ["-"]), ("", []),
    ])
  func `a list has addresses, with ports, brackets and quotes or without`(value: String, nodes: [String]) {
    #expect(Self.nodes(value) == nodes)
  }

  @Test(
    arguments: [
      ("for=192.0.2.60;proto=http;by=203.0.113.43", ["192.0.2.60"]),
      ("proto=http; For=\"[2001:db8:cafe::17]:4711\"", ["2001:db8:cafe::17"]),
      ("for=192.0.2.43, for=198.51.100.17;by=203.0.113.60", ["192.0.2.43", "198.51.100.17"]),
      ("for=_gazonk, for=unknown, by=10.0.0.1", ["-", "-", "-"]),
      ("for=192.0.2.1;for=192.0.2.2", ["192.0.2.1"]),
      ("by=\"a,b;for=192.0.2.1\";for=192.0.2.2", ["192.0.2.2"]),
      ("by=\"a\\\",for=192.0.2.1\", for=192.0.2.2", ["-", "192.0.2.2"]),
      ("for=\"192.0.2.1, for=192.0.2.2", ["-", "192.0.2.2"]),
      ("for=192.0.2.1;x=\", for=192.0.2.2", ["192.0.2.1", "192.0.2.2"]), ("for=", ["-"]),
      ("xfor=192.0.2.1", ["-"]), (" , ;", []),
      (",,", []),
    ])
  func `Forwarded has an address in the parameter for`(value: String, nodes: [String]) {
    #expect(Self.nodes(value, hasParameters: true) == nodes)
  }

  @Test func `thousands of elements take as many steps`() {
    #expect(Self.nodes(String(repeating: ",", count: 60_000)).isEmpty)
    #expect(Self.nodes(String(repeating: "10.0.0.1,", count: 5_000)).count == 5_000)
    #expect(Self.nodes(String(repeating: "for=10.0.0.1,", count: 4_000), hasParameters: true).count == 4_000)
    #expect(Self.nodes(String(repeating: "\"", count: 60_000), hasParameters: true).count == 1)
  }

  @Test func `a field's name is compared whole and without regard to case`() throws {
    let text =
      "GET / HTTP/1.1\r\nHost: a\r\nX-FORWARDED-FOR: 1\r\nX-Forwarded-Fo: 2\r\nX-Forwarded-Fora: 3\r\nx-forwarded-for :\t4 \r\n"
      + "x-forwarded-for\r\nX-Forwarded-For:\r\n\r\nx-forwarded-for: 5\r\n"
    let bytes = Array(text.utf8)
    var head = MessageHead()
    #expect(HeadParser.parse(bytes.rawSpan, into: &head) == .complete)
    var fields = NamedFields(try #require(FieldKey("X-Forwarded-For")), head)
    var values: [String] = []
    while let value = fields.next(bytes.rawSpan) {
      values.append(String(decoding: bytes[Int(value.start)..<value.end], as: UTF8.self))
    }
    #expect(values == ["1", "4", ""])
    #expect(FieldKey("") == nil && FieldKey("a b") == nil && FieldKey("seventeen-letters") == nil)
    #expect(FieldKey(":path") == nil && FieldKey("CF-Connecting-IP") == FieldKey("cf-connecting-ip"))
  }
}
