// SPDX-License-Identifier: Apache-2.0

/// The reason why a header block was refused: a decoding error that ends the connection (RFC 7541, RFC 9113 section 4.3).
package enum HeaderFault: Error, Equatable, Sendable {
  /// A representation ends before its last byte.
  case truncated
  /// An integer of more than five bytes after the first one, or beyond 2³² - 1.
  case integer
  /// Index 0, or one beyond a table all of whose entries are known.
  case index
  /// A Huffman code that RFC 7541, section 5.2 forbids.
  case huffman
  /// A size update after a field, or beyond what the settings allow; or none where the settings demand one.
  case tableSize
  /// A block beyond `HeaderList.longestBlock`.
  case length
}
