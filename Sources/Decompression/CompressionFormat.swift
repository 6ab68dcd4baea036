// SPDX-License-Identifier: Apache-2.0

import System

/// A way in which whole files are compressed.
package enum CompressionFormat: String, CaseIterable, Sendable {
  /// RFC 1952.
  case gzip
  case bzip2
  case xz
  /// RFC 8878.
  case zstd

  /// The number of bytes at a file's beginning that tell its format.
  package static let magicLength = 6

  /// The format of a file that begins with these bytes; nil where they are of none.
  package init?(beginning bytes: RawSpan) {
    for format in Self.allCases where Self.begins(bytes, format.magic) {
      self = format
      return
    }
    return nil
  }

  private var magic: [UInt8] {
    switch self {
    case .gzip: [0x1f, 0x8b]
    case .bzip2: Array("BZh".utf8)
    case .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
    case .zstd: [0x28, 0xb5, 0x2f, 0xfd]
    }
  }

  private static func begins(_ bytes: RawSpan, _ magic: [UInt8]) -> Bool {
    guard bytes.byteCount >= magic.count else { return false }
    return magic.indices.allSatisfy {
      bytes.byte($0) == magic[$0]
    }
  }
}
