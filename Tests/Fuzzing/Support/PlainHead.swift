// SPDX-License-Identifier: Apache-2.0

/// The slow reference of the head parser: RFC 9112 line by line, with the leniency that the parser documents.
package struct PlainHead {
  package enum Verdict { case complete, incomplete, invalid, undecided }
  package enum Framing { case unspecified, length(UInt64), chunked, untilClose, unknown }

  package var verdict = Verdict.undecided
  package var isResponse = false
  package var method: [UInt8] = []
  package var target: [UInt8] = []
  /// There are more spaces than the grammar has.
  package var isMalformed = false
  package var status = 0
  package var host: [UInt8] = []
  package var hostFields = 0
  package var framing = Framing.unspecified
  package var upgrade = false
  package var length = 0

  package init(_ bytes: [UInt8]) {
    var offset = bytes.firstIndex { $0 != 13 && $0 != 10 } ?? bytes.count
    guard offset < bytes.count else {
      verdict = .incomplete
      return
    }
    // Without the line's end, whether it may still become one is not for this reference to decide.
    guard let line = Self.line(bytes, offset) else { return }
    guard readStart(line.text) else {
      verdict = .invalid
      return
    }
    offset = line.next
    var continuesHost = false
    verdict = .incomplete
    while let line = Self.line(bytes, offset) {
      offset = line.next
      if line.text.isEmpty {
        length = offset
        verdict = .complete
        return
      }
      if line.text[0] == 32 || line.text[0] == 9 {
        if continuesHost { host = Self.trimmed(line.text) }
        continuesHost = continuesHost && host.isEmpty
      } else {
        continuesHost = readField(line.text)
      }
    }
  }

  /// The line at an offset, without its LF or CR LF, and where the next one begins.
  private static func line(_ bytes: [UInt8], _ offset: Int) -> (text: [UInt8], next: Int)? {
    guard let feed = bytes[offset...].firstIndex(of: 10) else { return nil }
    var text = Array(bytes[offset..<feed])
    if text.last == 13 { text.removeLast() }
    return (text, feed + 1)
  }

  private mutating func readStart(_ line: [UInt8]) -> Bool {
    func isVersion(_ text: ArraySlice<UInt8>) -> Bool {
      let text = Array(text)
      return text.count == 8 && text.starts(with: Array("HTTP/".utf8)) && (48...57).contains(text[5])
        && text[6] == 46 && (48...57).contains(text[7])
    }
    if line.starts(with: Array("HTTP/".utf8)) {
      let digits = line.dropFirst(9).prefix(3)
      guard line.count >= 12, isVersion(line.prefix(8)), line[8] == 32,
        digits.allSatisfy({ (48...57).contains($0) }),
        let number = Int(String(decoding: digits, as: UTF8.self)),
        number >= 100, line.count == 12 || line[12] == 32
      else { return false }
      isResponse = true
      status = number
      return true
    }
    let words = line.split(separator: 32, omittingEmptySubsequences: false)
    guard words.count >= 3, isVersion(words[words.count - 1]), (1...64).contains(words[0].count),
      words[0].allSatisfy(Self.isToken)
    else { return false }
    method = Array(words[0])
    var rest = line.dropFirst(method.count).dropLast(8)
    while rest.first == 32 { rest.removeFirst() }
    while rest.last == 32 { rest.removeLast() }
    target = Array(rest)
    isMalformed = words.count > 3
    return !target.isEmpty
  }

  /// Reads a field; true when it is a `Host` that is empty so far.
  private mutating func readField(_ line: [UInt8]) -> Bool {
    guard let colon = line.firstIndex(of: 58) else { return false }
    var name = line[..<colon]
    while let last = name.last, last == 32 || last == 9 { name.removeLast() }
    let value = Self.trimmed(Array(line[(colon + 1)...]))
    switch String(decoding: name, as: UTF8.self).lowercased() {
    case "host" where name.count == 4:
      hostFields += 1
      guard host.isEmpty else { return false }
      host = value
      return host.isEmpty
    case "content-length" where name.count == 14: readLength(value)
    case "transfer-encoding" where name.count == 17: readEncoding(value)
    case "upgrade" where name.count == 7: upgrade = true
    default: break
    }
    return false
  }

  private mutating func readLength(_ value: [UInt8]) {
    for item in value.split(separator: 44, omittingEmptySubsequences: false) {
      let digits = Self.trimmed(Array(item))
      let isNumber = !digits.isEmpty && digits.allSatisfy { (48...57).contains($0) }
      let number = isNumber ? UInt64(String(decoding: digits, as: UTF8.self)) ?? .max : nil
      switch (framing, number) {
      case (.unspecified, let number?): framing = .length(number)
      case (.length(let before), let number?) where before == number: break
      case (.unspecified, nil), (.length, _): framing = .unknown
      default: break
      }
    }
  }

  private mutating func readEncoding(_ value: [UInt8]) {
    let text = value.map { (65...90).contains($0) ? $0 | 32 : $0 }
    let isChunked =
      text.count >= 7 && Array(text.suffix(7)) == Array("chunked".utf8)
      && (text.count == 7 || [32, 9, 44].contains(text[text.count - 8]))
    if isChunked {
      framing = .chunked
    } else if text.count != 8 || text[0] != UInt8(ascii: "i") {
      framing = .untilClose
    }
  }

  private static func trimmed(_ text: [UInt8]) -> [UInt8] {
    var text = text[...]
    while let first = text.first, first == 32 || first == 9 { text.removeFirst() }
    while let last = text.last, last == 32 || last == 9 { text.removeLast() }
    return Array(text)
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
      || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
