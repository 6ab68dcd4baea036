// SPDX-License-Identifier: Apache-2.0

/// Values as the bytes of a record: numbers of seven bits a byte, the lowest first, unless a place is fixed.
struct RecordWriter {
  var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func fixed32(_ value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func fixed64(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func number(_ value: UInt64) {
    var left = value
    while left >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
      left >>= 7
    }
    bytes.append(UInt8(left))
  }

  mutating func count(_ count: Int) { number(UInt64(count)) }

  mutating func real(_ value: Double) { fixed64(value.bitPattern) }

  mutating func flag(_ value: Bool) { byte(value ? 1 : 0) }

  /// A text; what is longer than any reader takes is cut.
  mutating func text(_ text: String) {
    let bytes = text.utf8.prefix(RecordReader.longestText)
    count(bytes.count)
    self.bytes.append(contentsOf: bytes)
  }

  /// A flag, and the value where there is one.
  mutating func optional<Value>(_ value: Value?, _ write: (inout RecordWriter, Value) -> Void) {
    flag(value != nil)
    if let value { write(&self, value) }
  }

  mutating func list<Element>(
    _ list: some Collection<Element>, _ write: (inout RecordWriter, Element) -> Void
  ) {
    count(list.count)
    for element in list { write(&self, element) }
  }
}
