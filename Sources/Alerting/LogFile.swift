// SPDX-License-Identifier: Apache-2.0

import System
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Who gets the files that are made before the program gives up its own user.
package struct LogOwner: Equatable, Sendable {
  package var user: UInt32
  package var group: UInt32

  package init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }
}

/// A file that is only ever appended to, and the C calls of the alert log and the file of rules.
struct LogFile: ~Copyable {
  /// A failed call: the system's error number.
  struct Failure: Error, Equatable {
    var code: Int32
    /// The system's words for it.
    var reason: String {
      // For any number strerror returns a text of the C library's, which stays until the next call.
      guard let text = unsafe strerror(code) else { return "error \(code)" }
      return unsafe String(cString: text)
    }
  }

  /// Which file it is, whatever its name: device and inode.
  struct Identity: Equatable {
    var device: UInt64
    var inode: UInt64
  }

  private let descriptor: Int32

  /// Opens the file for appending and makes it (0640) when it is missing, for `owner` where there is one.
  init(path: String, owner: LogOwner? = nil) throws(Failure) {
    // Non-blocking, so that a pipe without a reader is an error and not a standstill.
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    // Only a file that did not exist is given away: any other one may be somebody's, behind a link. The
    // path is passed as a C string for the calls alone.
    let made = unsafe open(path, flags | O_EXCL, 0o640)
    if made >= 0, let owner { _ = fchown(made, owner.user, owner.group) }
    descriptor = made >= 0 ? made : unsafe open(path, flags, 0o640)
    guard descriptor >= 0 else { throw Failure(code: errno) }
  }

  deinit { close(descriptor) }

  /// Writes with one call as much as the system takes, and returns how much that was.
  borrowing func append(_ bytes: ArraySlice<UInt8>) throws(Failure) -> Int {
    while true {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe write(descriptor, buffer.baseAddress, buffer.count)
      }
      if written >= 0 { return written }
      let code = errno
      if code != EINTR { throw Failure(code: code) }
    }
  }

  var identity: Identity? {
    var status = stat()
    // The call fills a local value.
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// What lies at a path now; nil when nothing does.
  static func identity(at path: String) -> Identity? {
    var status = stat()
    // As above.
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Whether it is a file that can be rotated, and no device or pipe.
  var isRegular: Bool {
    var status = stat()
    // The call fills a local value.
    return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The text of a file of at most this many bytes; what is longer is an error (EFBIG).
  static func read(_ path: String, limit: Int) throws(Failure) -> String {
    // The path is passed as a C string for the call alone; a pipe without a writer is read as empty.
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard opened >= 0 else { throw Failure(code: errno) }
    defer { close(opened) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe Self.read(opened, buffer.baseAddress, buffer.count)
      }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(code: errno)
      }
      bytes.append(contentsOf: block[..<count])
      if bytes.count > limit { throw Failure(code: EFBIG) }
    }
  }

  /// read(2), under a name that this type's own method does not hide.
  private static func read(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      // The caller vouches for address and length.
      unsafe Glibc.read(descriptor, bytes, count)
    #else
      // As above.
      unsafe Darwin.read(descriptor, bytes, count)
    #endif
  }

  /// Makes the directories above a file (0755) that are missing, for `owner` where there is one.
  static func makeDirectories(above path: String, owner: LogOwner? = nil) throws(Failure) {
    var parent = ""
    for name in path.split(separator: "/").dropLast() {
      parent += (path.hasPrefix("/") || !parent.isEmpty ? "/" : "") + name
      // As above.
      if unsafe mkdir(parent, 0o755) != 0 {
        let code = errno
        // One that exists may answer with other errors too, on a read-only file system for one.
        if identity(at: parent) == nil { throw Failure(code: code) }
      } else if let owner {
        // As above; a link that somebody put in its place in the meantime is not followed.
        _ = unsafe lchown(parent, owner.user, owner.group)
      }
    }
  }
}
