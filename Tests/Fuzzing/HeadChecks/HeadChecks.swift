// SPDX-License-Identifier: Apache-2.0

package import HTTP1
package import System
package import Support
import Text

/// What must hold of any bytes that are read as a head: the parser and its slow reference agree, and a head that
/// comes in parts is read as it would be whole.
package enum HeadChecks {
  /// Reads the input, holds it against everything, and hands on what was read.
  package static func read(_ input: RawSpan) -> (head: MessageHead, verdict: HeadParser.Verdict) {
    var head = MessageHead()
    let verdict = HeadParser.parse(input, into: &head)
    let bytes = input.array
    compare(head, verdict, with: PlainHead(bytes), bytes)
    checkRanges(head, input)
    checkParts(head, verdict, input)
    checkSearches(input)
    return (head, verdict)
  }

  private static func compare(
    _ head: MessageHead, _ verdict: HeadParser.Verdict, with plain: PlainHead, _ bytes: [UInt8]
  ) {
    func part(_ range: ByteRange) -> [UInt8] { Array(bytes[Int(range.start)..<range.end]) }
    switch (verdict, plain.verdict) {
    case (.complete, .complete), (.incomplete, .incomplete), (.invalid, .invalid): break
    case (.incomplete, .undecided), (.invalid, .undecided): return
    default: expect(false, "the references agree on \(bytes): \(verdict), \(plain.verdict)")
    }
    guard verdict != .invalid, HeadParser.hasStartLine(head) else { return }
    expect((head.kind == .response) == plain.isResponse, "kind")
    expect(Int(head.status) == plain.status, "status")
    expect(part(head.methodBytes) == plain.method && part(head.target) == plain.target, "request line")
    expect(head.isMalformed == plain.isMalformed, "spaces in the request line")
    let name = String(decoding: plain.method, as: UTF8.self)
    expect(head.method == (Method.allCases.first { $0 != .other && $0.name == name } ?? .other), "method")
    expect(part(head.host) == plain.host && head.hostFields == plain.hostFields, "host \(plain.host)")
    expect(head.upgrade == plain.upgrade && head.length == plain.length, "upgrade, length")
    switch (head.framing, plain.framing) {
    case (.unspecified, .unspecified), (.chunked, .chunked), (.untilClose, .untilClose), (.unknown, .unknown):
      break
    case (.length, .length(let length)): expect(head.contentLength == length, "content length")
    default: expect(false, "framing: \(head.framing), \(plain.framing)")
    }
  }

  private static func checkRanges(_ head: MessageHead, _ input: RawSpan) {
    for range in [head.methodBytes, head.target, head.host] {
      expect(range.start >= 0 && range.count >= 0 && range.end <= input.byteCount, "ranges are inside")
    }
    expect(head.length <= input.byteCount, "the head is inside")
    expect(head.status == 0 || (100...999).contains(head.status), "three digits")
  }

  /// What was read of a part is what is read of the whole, as far as it goes.
  private static func checkParts(_ head: MessageHead, _ verdict: HeadParser.Verdict, _ input: RawSpan) {
    var cut = 0
    for offset in 0..<min(input.byteCount, 16) { cut = cut &* 31 &+ Int(input.byte(offset)) }
    for step in 1...3 where input.byteCount > 0 {
      let end = abs(cut &* step) % input.byteCount
      var part = MessageHead()
      switch HeadParser.parse(input.slice(0, end), into: &part) {
      case .complete: expect(verdict == .complete && part == head, "a part is the whole")
      case .invalid: expect(verdict == .invalid, "what may become a head is not refused early, at \(end)")
      case .incomplete:
        expect(verdict != .complete || end < head.length, "the end is seen")
        expect(
          part.status == 0 || part.status == head.status || verdict == .invalid, "the status is the whole's")
      }
    }
  }

  private static func checkSearches(_ input: RawSpan) {
    let start = input.byteCount > 0 ? Int(input.byte(0)) % input.byteCount : 0
    let feed = ByteScan.lineFeed(in: input, from: start)
    expect(feed == ByteScan.plainLineFeed(in: input, from: start), "both find one line feed")
    let bytes = input.array
    var end = -1
    for offset in start..<max(start, bytes.count) where bytes[offset] == 10 {
      if offset + 1 < bytes.count, bytes[offset + 1] == 10 { end = offset + 2 }
      if offset + 2 < bytes.count, bytes[offset + 1] == 13, bytes[offset + 2] == 10 { end = offset + 3 }
      if end >= 0 { break }
    }
    expect(ByteScan.headEnd(in: input, from: start) == end, "the end of a head")
  }
}
