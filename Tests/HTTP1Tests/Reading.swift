// SPDX-License-Identifier: Apache-2.0
import HTTP1
import System
import Text

/// What the parser made of a text: the head, and its names as they would be shown.
struct Reading {
  var verdict: HeadParser.Verdict
  var head = MessageHead()
  var site = ""
  var section = ""

  init(_ text: String) { self.init(Array(text.utf8)) }

  init(_ bytes: [UInt8]) {
    let span = bytes.rawSpan
    verdict = HeadParser.parse(span, into: &head)
    guard verdict != .invalid, head.kind == .request, HeadParser.hasStartLine(head) else { return }
    let names = NameBuffer()
    site = Self.text(names, SiteName.append(head, span, to: names))
    section = Self.text(names, RequestTarget.appendSection(head, span, to: names))
  }

  static func text(_ names: NameBuffer, _ place: (start: Int, count: Int)) -> String {
    let bytes = names.bytes(start: place.start, count: place.count)
    var text = [UInt8]()
    for index in 0..<bytes.byteCount { text.append(bytes.byte(index)) }
    return String(decoding: text, as: UTF8.self)
  }
}
