// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The user that gets the files which are made before the program gives up its own.
package struct LogOwner: Equatable, Sendable {
  package var user: UInt32
  package var group: UInt32

  package init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }
}

/// A file that is only ever appended to, such as the alert log.
package struct LogFile: ~Copyable {
  /// The identity of a file, whatever its name: device and inode.
  package struct Identity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
  }

  private let descriptor: Int32

  /// Opens the file for appending and makes it (0640) when it is missing, for `owner` where there is one.
  package init(path: String, owner: LogOwner? = nil) throws(SystemError) {
    // Non-blocking, so that a pipe without a reader is an error and not a standstill.
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    // Only a file that did not exist is given away: any other one may be somebody's, behind a link. The
    // path is passed as a C string for the calls alone.
    let made = unsafe open(path, flags | O_EXCL, 0o640)
    if made >= 0, let owner { _ = fchown(made, owner.user, owner.group) }
    descriptor = made >= 0 ? made : unsafe open(path, flags, 0o640)
    guard descriptor >= 0 else { throw .last }
  }

  deinit { close(descriptor) }

  /// Writes with one call as much as the system takes, and returns how much that was.
  package borrowing func append(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    while true {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe write(descriptor, buffer.baseAddress, buffer.count)
      }
      if written >= 0 { return written }
      let error = SystemError.last
      if error.code != EINTR { throw error }
    }
  }

  package var identity: Identity? {
    var status = stat()
    // The call fills a local value.
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// What lies at a path now; nil when nothing does.
  package static func identity(at path: String) -> Identity? {
    var status = stat()
    // As above.
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Whether a file that was opened at a path lies there still. One that may not be looked at counts as there: a sandboxed
  /// process may write a file in a folder that it may not enter.
  package static func isInPlace(_ identity: Identity?, at path: String) -> Bool {
    var status = stat()
    // As above.
    guard unsafe stat(path, &status) == 0 else { return SystemError.last.isPermission }
    return identity == Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Whether a path leads to a folder.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    // As above.
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether it is a file that can be rotated, and no device or pipe.
  package var isRegular: Bool {
    var status = stat()
    // The call fills a local value.
    return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Makes the directories above a file (0755) that are missing, for `owner` where there is one.
  package static func makeDirectories(above path: String, owner: LogOwner? = nil) throws(SystemError) {
    var parent = ""
    for name in path.split(separator: "/").dropLast() {
      parent += (path.hasPrefix("/") || !parent.isEmpty ? "/" : "") + name
      // As above.
      if unsafe mkdir(parent, 0o755) != 0 {
        let error = SystemError.last
        // One that exists may answer with other errors too, on a read-only file system for one.
        if identity(at: parent) == nil { throw error }
      } else if let owner {
        // As above; a link that somebody put in its place in the meantime is not followed.
        _ = unsafe lchown(parent, owner.user, owner.group)
      }
    }
  }
}
