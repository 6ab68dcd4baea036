// SPDX-License-Identifier: Apache-2.0

import System

/// The one function that makes bytes off the wire safe to show, everywhere: names are printable
/// ASCII without spaces, and different bytes stay different names.
///
/// A byte that is no printable ASCII becomes `\xHH`, a backslash becomes `\\`. A name longer than
/// `maximumLength` is cut and ends in `\~` and sixteen digits, the hash of all of it: no name that is
/// whole can end so, whatever bytes were sent.
package enum PrintableName {
  /// Bytes of the longest name.
  package static let maximumLength = 255
  /// Space that one name may need in a buffer while it is made.
  package static let room = maximumLength + 8
  /// Bytes of what a name that was cut ends in.
  private static let tailLength = 18
  /// The one control byte above the printable ones: DEL.
  private static var delete: UInt8 { 0x7f }

  /// Appends the bytes from `start` up to `end`, escaped, in lower case if asked; returns the name's
  /// place.
  package static func append(
    _ bytes: RawSpan, _ start: Int, _ end: Int, lowercased: Bool, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    let mark = names.count
    if appendPlain(bytes, start, end, lowercased, to: names) { return (mark, names.count &- mark) }
    return appendByByte(bytes, start, end, lowercased: lowercased, to: names)
  }

  /// The reference of `append`, a byte at a time, for any name.
  package static func appendByByte(
    _ bytes: RawSpan, _ start: Int, _ end: Int, lowercased: Bool, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    append(bytes, start, end, lowercased, isText: false, maximumLength, to: names)
  }

  /// Appends a name all of whose bytes stand for themselves, as almost all do, eight at a time; false,
  /// and nothing appended, for any other one.
  @inline(__always)
  private static func appendPlain(
    _ bytes: RawSpan, _ start: Int, _ end: Int, _ lowercased: Bool, to names: NameBuffer
  ) -> Bool {
    guard start < end, end &- start <= maximumLength, names.free >= room else { return false }
    let mark = names.count
    var offset = start
    while offset < end {
      let rest = min(end &- offset, 8)
      var word = bytes.littleTail(offset &+ rest, rest)
      // Letters where the word has none of the name's bytes.
      let filled = rest < 8 ? word | plainLetters &<< UInt64(truncatingIfNeeded: rest &* 8) : word
      guard arePlain(filled) else {
        names.truncate(to: mark)
        return false
      }
      if lowercased { word = NameHash.lowerCase(word) }
      names.append(word, rest)
      offset &+= rest
    }
    return true
  }

  private static var plainLetters: UInt64 { ByteScan.repeated(UInt8(ascii: "a")) }

  /// Whether all eight bytes stand for themselves: "!" to "~", and no backslash.
  @inline(__always)
  static func arePlain(_ word: UInt64) -> Bool {
    let tops = ByteScan.repeated(0x80)
    // With the top bit set no byte borrows from the next one; what is below "!" loses it.
    let low = (word | tops) &- ByteScan.repeated(UInt8(ascii: "!"))
    let none =
      ByteScan.zeroBytes(word ^ ByteScan.repeated(delete))
      | ByteScan.zeroBytes(word ^ ByteScan.repeated(UInt8(ascii: "\\")))
    return (word & tops) | (~low & tops) | none == 0
  }

  /// Appends a field's value or a target for a line of a log, in at most `limit` characters (32 at
  /// least): spaces stay, and a quotation mark is escaped too, so that the text can stand between two.
  package static func appendText(
    _ bytes: RawSpan, _ start: Int, _ end: Int, limit: Int, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    append(bytes, start, end, false, isText: true, max(limit, 32), to: names)
  }

  @inline(__always)
  private static func append(
    _ bytes: RawSpan, _ start: Int, _ end: Int, _ lowercased: Bool, isText: Bool, _ longest: Int,
    to names: NameBuffer
  ) -> (start: Int, count: Int) {
    let mark = names.count
    let limit = mark &+ longest
    var offset = start
    while offset < end {
      let byte = bytes.byte(offset)
      guard names.count &+ width(byte, isText) <= limit else { break }
      if isPlain(byte, isText) {
        let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        names.append(lowercased && isCapital ? byte | ByteScan.caseBit : byte)
      } else if byte == UInt8(ascii: "\\") {
        names.append(UInt8(ascii: "\\"))
        names.append(UInt8(ascii: "\\"))
      } else {
        names.append(UInt8(ascii: "\\"))
        names.append(UInt8(ascii: "x"))
        names.append(digit(byte >> 4))
        names.append(digit(byte & 15))
      }
      offset &+= 1
    }
    if offset < end { cut(bytes, start, end, lowercased, isText, longest, to: names, mark: mark) }
    return (mark, names.count - mark)
  }

  /// Whether a byte stands for itself.
  @inline(__always)
  private static func isPlain(_ byte: UInt8, _ isText: Bool) -> Bool {
    guard byte < delete, byte != UInt8(ascii: "\\") else { return false }
    return isText
      ? byte >= UInt8(ascii: " ") && byte != UInt8(ascii: "\"") : byte > UInt8(ascii: " ")
  }

  /// Characters that a byte takes in a name.
  @inline(__always)
  private static func width(_ byte: UInt8, _ isText: Bool) -> Int {
    isPlain(byte, isText) ? 1 : byte == UInt8(ascii: "\\") ? 2 : 4
  }

  /// Replaces the end of a name that is too long by the hash of all its bytes.
  private static func cut(
    _ bytes: RawSpan, _ start: Int, _ end: Int, _ lowercased: Bool, _ isText: Bool, _ longest: Int,
    to names: NameBuffer, mark: Int
  ) {
    // Between two bytes' characters: half an escape before the mark could be read together with it.
    var kept = 0
    var offset = start
    while kept &+ width(bytes.byte(offset), isText) <= longest &- tailLength {
      kept &+= width(bytes.byte(offset), isText)
      offset &+= 1
    }
    names.truncate(to: mark &+ kept)
    names.append(UInt8(ascii: "\\"))
    names.append(UInt8(ascii: "~"))
    // A fixed seed: the same name must read the same in every run.
    let name = bytes.slice(start, end)
    let hash = lowercased ? NameHash.hashInLowerCase(name, seed: 0) : NameHash.hash(name, seed: 0)
    var shift: UInt64 = 60
    while true {
      names.append(digit(UInt8(truncatingIfNeeded: hash >> shift & 15)))
      if shift == 0 { return }
      shift &-= 4
    }
  }

  @inline(__always)
  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &- 10 &+ value
  }
}
