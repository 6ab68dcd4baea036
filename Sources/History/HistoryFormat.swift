// SPDX-License-Identifier: Apache-2.0

/// The bytes of a history file (docs/history.md).
///
///     file:    "WTHISTRY" │ version u32 │ 0 u32 │ sequence u64 │ 0 u32 │ CRC-32C of these u32 │ record…
///     record:  "WtR1" │ length u32 │ CRC-32C of length and body u32 │ body: kind u8, …
///
/// Numbers are little-endian.
enum HistoryFormat {
  static let magic = Array("WTHISTRY".utf8)
  static let version: UInt32 = 1
  static let headerLength = 32
  static let marker = Array("WtR1".utf8)
  /// Bytes of a record before its body.
  static let recordHeader = 12
  /// The longest body.
  static let longestBody = 8 << 20

  /// The kind of a record; one of another kind is of a later version, and passed over.
  enum Kind: UInt8 {
    /// A watch has begun: what all its intervals have in common.
    case run = 1
    case interval = 2
  }

  /// The header of a file that is the `sequence`th to be begun.
  static func header(sequence: UInt64) -> [UInt8] {
    var writer = RecordWriter()
    writer.bytes = magic
    writer.fixed32(version)
    writer.fixed32(0)
    writer.fixed64(sequence)
    writer.fixed32(0)
    writer.fixed32(CRC32C.checksum(writer.bytes[...]))
    return writer.bytes
  }

  /// The sequence in a header; throws why it is none.
  static func sequence(_ bytes: [UInt8]) throws(HeaderFault) -> UInt64 {
    // The start of one: the machine stopped when the file was begun.
    if bytes.count < headerLength, bytes.starts(with: magic.prefix(bytes.count)) { throw .unfinished }
    guard bytes.count >= headerLength, bytes.starts(with: magic) else { throw .foreign }
    let version = RecordReader.little32(bytes, at: 8)
    if version != Self.version { throw .otherVersion(version) }
    guard RecordReader.little32(bytes, at: 28) == CRC32C.checksum(bytes[..<28]) else { throw .damaged }
    let sequence =
      UInt64(RecordReader.little32(bytes, at: 16)) | UInt64(RecordReader.little32(bytes, at: 20)) << 32
    guard sequence <= lastSequence else { throw .damaged }
    return sequence
  }

  /// The last number that a file may have: the next one is one more.
  static let lastSequence: UInt64 = 1 << 62

  enum HeaderFault: Error, Equatable { case foreign, unfinished, damaged, otherVersion(UInt32) }

  /// A body as a record.
  static func record(_ body: [UInt8]) -> [UInt8] {
    var writer = RecordWriter()
    writer.bytes.reserveCapacity(recordHeader + body.count)
    writer.bytes = marker
    writer.fixed32(UInt32(body.count))
    let checksum = CRC32C.checksum(body[...], after: CRC32C.checksum(writer.bytes[4...]))
    writer.fixed32(checksum)
    writer.bytes += body
    return writer.bytes
  }
}
