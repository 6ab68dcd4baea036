// SPDX-License-Identifier: Apache-2.0

import System

/// The content type of a record (RFC 8446, section 5.1).
package enum ContentType {
  package static var changeCipherSpec: UInt8 { 20 }
  package static var alert: UInt8 { 21 }
  package static var handshake: UInt8 { 22 }
  package static var applicationData: UInt8 { 23 }
}

/// The five bytes before each record.
package struct RecordHeader: BitwiseCopyable, Sendable, Equatable {
  /// Bytes of a header.
  package static var length: Int { 5 }
  /// Bytes of text that a record has at most.
  package static var longestText: Int { 1 << 14 }
  /// Bytes after the header: TLS 1.2 allows 2,048 for what a cipher adds (RFC 5246, section 6.2.3).
  package static var longestBody: Int { longestText + 2_048 }

  package var type: UInt8
  package var version: UInt16
  /// Bytes after the header.
  package var count: Int

  package init(type: UInt8, version: UInt16, count: Int) {
    (self.type, self.version, self.count) = (type, version, count)
  }

  /// Reads a header, which must be there; nil for what begins no record of any version.
  @inline(__always)
  package init?(_ bytes: RawSpan, at offset: Int) {
    type = bytes.byte(offset)
    version = bytes.big16(offset + 1)
    count = Int(bytes.big16(offset + 3))
    guard type >= ContentType.changeCipherSpec, type <= ContentType.applicationData, version >> 8 == 3,
      version & 0xff <= 4, count <= Self.longestBody
    else { return nil }
  }

  /// Bytes of the record with its header.
  package var total: Int { Self.length + count }
}
