// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The targets of symbolic links, as text: in /proc they name open files and namespaces.
package enum SymbolicLink {
  /// The longest target that is read, bytes.
  private static let limit = 255

  /// The target of the link at `path`; nil when it cannot be read or is longer than 255 bytes.
  package static func target(of path: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    // The path is passed as a C string for the call alone, which writes no more than the array holds.
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return -1 }
      return unsafe readlink(path, base.assumingMemoryBound(to: CChar.self), buffer.count)
    }
    guard count >= 0, count <= limit else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The number in brackets after `kind`, as of `socket:[1234]`; nil when the link leads elsewhere.
  package static func number(of path: String, kind: String) -> UInt64? {
    guard let target = target(of: path), target.hasPrefix(kind + ":["), target.hasSuffix("]") else {
      return nil
    }
    return UInt64(target.dropFirst(kind.utf8.count + 2).dropLast())
  }
}
