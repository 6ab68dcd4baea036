// SPDX-License-Identifier: Apache-2.0

import Text

/// The error of bytes that are no such record: they are not shown, whichever program wrote them.
struct RecordFault: Error, Equatable {}

/// The values of a record out of its bytes, which may be anybody's: every length is held against what is left, and
/// the number of all lists' elements is bounded.
struct RecordReader {
  /// Elements of all lists of a record at most, counts by code apart.
  private static let mostElements = 400_000
  /// Bytes of a text at most.
  static let longestText = 65_536

  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var elements = 0
  /// Calls of a record at most: as many as all workers together tell apart; a sum holds two kilobytes for each.
  private static let mostCalls = 16_384
  private var calls = 0

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Bytes that have not been read.
  private var left: Int { bytes.endIndex - position }
  /// Whether all was read: what a later version adds comes at the end.
  var isAtEnd: Bool { left == 0 }

  /// Four bytes of an array as a number; the caller has found that they are there.
  static func little32(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  mutating func byte() throws(RecordFault) -> UInt8 {
    guard left > 0 else { throw RecordFault() }
    position += 1
    return bytes[position - 1]
  }

  mutating func fixed64() throws(RecordFault) -> UInt64 {
    guard left >= 8 else { throw RecordFault() }
    var value: UInt64 = 0
    for place in 0..<8 { value |= UInt64(bytes[position + place]) << UInt64(8 * place) }
    position += 8
    return value
  }

  /// A time, nanoseconds since 1970: up to the year 2116, so that times can be added to and compared.
  mutating func moment() throws(RecordFault) -> UInt64 {
    let time = try fixed64()
    guard time <= 1 << 62 else { throw RecordFault() }
    return time
  }

  /// Counts a call among those of the record; throws when they are too many.
  mutating func beginCall() throws(RecordFault) {
    calls += 1
    guard calls <= Self.mostCalls else { throw RecordFault() }
  }

  mutating func number() throws(RecordFault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let next = try byte()
      let part = UInt64(next & 0x7f)
      // The tenth byte has one bit.
      if shift == 63, part > 1 { throw RecordFault() }
      value |= part << shift
      if next < 0x80 { return value }
    }
    throw RecordFault()
  }

  /// The number of times that something was counted in an interval, bounded so that a sum of many still fits.
  mutating func tally() throws(RecordFault) -> UInt64 { try number(upTo: 1 << 40) }

  /// A number of at most `limit`.
  mutating func number(upTo limit: UInt64) throws(RecordFault) -> UInt64 {
    let value = try number()
    guard value <= limit else { throw RecordFault() }
    return value
  }

  mutating func real() throws(RecordFault) -> Double {
    let value = Double(bitPattern: try fixed64())
    guard value.isFinite else { throw RecordFault() }
    return value
  }

  mutating func flag() throws(RecordFault) -> Bool {
    let value = try byte()
    guard value <= 1 else { throw RecordFault() }
    return value == 1
  }

  /// A text of at most `longest` bytes, with what could move a cursor or end a line escaped.
  mutating func text(longest: Int = RecordReader.longestText) throws(RecordFault) -> String {
    let count = Int(try number(upTo: UInt64(longest)))
    guard count <= left else { throw RecordFault() }
    defer { position += count }
    return VisibleText.escaped(String(decoding: bytes[position..<position + count], as: UTF8.self))
  }

  mutating func optional<Value>(
    _ read: (inout RecordReader) throws(RecordFault) -> Value
  ) throws(RecordFault) -> Value? {
    try flag() ? try read(&self) : nil
  }

  mutating func list<Element>(
    _ read: (inout RecordReader) throws(RecordFault) -> Element
  ) throws(RecordFault) -> [Element] {
    // An element takes a byte at least.
    let count = Int(try number(upTo: UInt64(left)))
    elements += count
    guard elements <= Self.mostElements else { throw RecordFault() }
    var list: [Element] = []
    // Not all of them at once: a length is not yet an element.
    list.reserveCapacity(min(count, 1_024))
    for _ in 0..<count { list.append(try read(&self)) }
    return list
  }

  /// Names of counters.
  mutating func names() throws(RecordFault) -> [String] {
    var names = 0
    return try list { (reader) throws(RecordFault) in
      names += 1
      guard names <= CounterNames.most else { throw RecordFault() }
      return try reader.text(longest: CounterNames.longest)
    }
  }

  /// A list whose elements are small: they do not count with the others.
  mutating func smallList<Element>(
    _ read: (inout RecordReader) throws(RecordFault) -> Element
  ) throws(RecordFault) -> [Element] {
    let before = elements
    defer { elements = before }
    return try list(read)
  }
}
