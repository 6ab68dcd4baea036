// SPDX-License-Identifier: Apache-2.0

/// A header block written representation by representation (RFC 7541, section 6), right or wrong.
package struct BlockWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// An indexed field.
  package mutating func indexed(_ index: Int) { integer(index, prefix: 7, 0x80) }

  /// A dynamic table size update.
  package mutating func tableSize(_ bytes: Int) { integer(bytes, prefix: 5, 0x20) }

  /// How a literal field is written.
  package enum Literal: CaseIterable, Sendable { case inserted, plain, never }

  /// A literal field whose name is that of an index.
  package mutating func literal(_ kind: Literal, name index: Int, value: [UInt8], isEncoded: Bool = false) {
    switch kind {
    case .inserted: integer(index, prefix: 6, 0x40)
    case .plain: integer(index, prefix: 4, 0x00)
    case .never: integer(index, prefix: 4, 0x10)
    }
    string(value, isEncoded)
  }

  /// A literal field with its name.
  package mutating func literal(
    _ kind: Literal, name: [UInt8], value: [UInt8], isEncoded: Bool = false
  ) {
    bytes.append(kind == .inserted ? 0x40 : kind == .plain ? 0 : 0x10)
    string(name, isEncoded)
    string(value, isEncoded)
  }

  /// Any bytes.
  package mutating func raw(_ bytes: [UInt8]) { self.bytes += bytes }

  /// An integer with a prefix of some bits (section 5.1).
  package mutating func integer(_ value: Int, prefix: Int, _ pattern: UInt8) {
    let most = 1 << prefix - 1
    guard value >= most else { return bytes.append(pattern | UInt8(value)) }
    bytes.append(pattern | UInt8(most))
    var rest = value - most
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A string, Huffman-encoded or as it is (section 5.2).
  package mutating func string(_ value: [UInt8], _ isEncoded: Bool) {
    let encoded = isEncoded ? HuffmanWriter.encode(value) : value
    integer(encoded.count, prefix: 7, isEncoded ? 0x80 : 0)
    bytes += encoded
  }
}
