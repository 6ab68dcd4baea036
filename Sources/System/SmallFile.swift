// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A file that is read whole: the kernel's in /proc and /sys, settings, lists of rules.
///
/// It is opened once and can be read as often as one likes, after privileges and paths are gone as well; one
/// thread at a time uses it.
package struct SmallFile: Sendable {
  /// The most bytes that `read` returns where the caller names no limit: more than 8,192 processors fill in
  /// /proc/net/softnet_stat.
  package static let defaultLimit = 2 << 20

  private let descriptor: Descriptor

  /// Opens the file at `path`; throws what the system says.
  package init(_ path: String) throws(SystemError) {
    // The path is passed as a C string for the call alone. Non-blocking: a pipe without a writer reads as empty.
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard number >= 0 else { throw .last }
    descriptor = Descriptor(number)
  }

  /// Reads the file from its beginning; throws what the system says, EFBIG when it is longer than `limit` bytes.
  package func read(limit: Int = defaultLimit) throws(SystemError) -> [UInt8] {
    try read(limit: limit, isCut: false)
  }

  private func read(limit: Int, isCut: Bool) throws(SystemError) -> [UInt8] {
    // Not pread, which the sandbox does not allow. What cannot be sought, a pipe, is read on.
    if lseek(descriptor.number, 0, SEEK_SET) != 0, errno != ESPIPE { throw .last }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe SystemCall.read(descriptor.number, buffer.baseAddress, buffer.count)
      }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw .last
      }
      bytes.append(contentsOf: block[..<count])
      if bytes.count > limit {
        if isCut { return bytes }
        throw SystemError(EFBIG)
      }
    }
  }

  /// Reads the file at `path` once; throws as `init` and `read` do.
  package static func contents(of path: String, limit: Int = defaultLimit) throws(SystemError) -> [UInt8] {
    try SmallFile(path).read(limit: limit)
  }

  /// The first bytes of the file at `path`, `limit` of them and less than a block more; nil when it cannot be read.
  package static func beginning(of path: String, limit: Int) -> [UInt8]? {
    try? SmallFile(path).read(limit: limit, isCut: true)
  }

  /// The text of the file at `path`; nil when it cannot be read.
  package static func text(of path: String) -> String? {
    guard let bytes = try? contents(of: path) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// C functions under names that members of the same name do not hide.
enum SystemCall {
  static func read(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      // The caller answers for address and length.
      unsafe Glibc.read(descriptor, bytes, count)
    #else
      // As above.
      unsafe Darwin.read(descriptor, bytes, count)
    #endif
  }
}
