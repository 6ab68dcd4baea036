// SPDX-License-Identifier: Apache-2.0

/// An input read as a list of decisions: whatever the bytes are, they mean something; zeros follow their end.
package struct Script {
  private let bytes: [UInt8]
  private var offset = 0

  package init(_ input: RawSpan) { bytes = input.array }

  package var isOver: Bool { offset >= bytes.count }

  package mutating func byte() -> UInt8 {
    guard offset < bytes.count else { return 0 }
    offset += 1
    return bytes[offset - 1]
  }

  package mutating func flag() -> Bool { byte() & 1 == 1 }

  /// A number below `limit`, which is 1 to 65,536.
  package mutating func below(_ limit: Int) -> Int { Int(number16()) % limit }

  package mutating func number16() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

  package mutating func number32() -> UInt32 { UInt32(number16()) << 16 | UInt32(number16()) }

  package mutating func number64() -> UInt64 { UInt64(number32()) << 32 | UInt64(number32()) }

  /// A small number mostly, any number sometimes.
  package mutating func skewed() -> UInt64 {
    let kind = byte()
    switch kind & 7 {
    case 0: return number64()
    case 1: return .max &- UInt64(byte())
    case 2: return UInt64(number32())
    default: return UInt64(kind >> 3)
    }
  }

  /// This many of the bytes that are left.
  package mutating func take(_ count: Int) -> [UInt8] {
    let end = min(bytes.count, offset + count)
    defer { offset = end }
    return Array(bytes[offset..<end])
  }

  /// All the bytes that are left.
  package mutating func rest() -> [UInt8] { take(bytes.count) }
}
