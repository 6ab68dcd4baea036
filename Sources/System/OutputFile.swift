// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file of its own that is written from its beginning: what was in it before is gone. Nobody but its owner reads it (0600).
package struct OutputFile: ~Copyable {
  private let descriptor: Int32

  /// Opens the file, makes it when it is missing, and gives it to `owner` where there is one. A link is not followed.
  package init(path: String, owner: LogOwner? = nil) throws(SystemError) {
    // Non-blocking, so that a pipe without a reader is an error and not a standstill. The path is passed as a C string
    // for the call alone.
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK
    descriptor = unsafe open(path, flags, 0o600)
    guard descriptor >= 0 else { throw .last }
    guard isRegular else { throw SystemError(EINVAL) }
    if let owner {
      _ = fchmod(descriptor, 0o600)
      _ = fchown(descriptor, owner.user, owner.group)
    }
  }

  deinit { close(descriptor) }

  private var isRegular: Bool {
    var status = stat()
    // The call fills a local value.
    return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Which file it is, whatever its name.
  package var identity: LogFile.Identity? {
    var status = stat()
    // As above.
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return LogFile.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Writes with one call as much as the system takes, and returns how much that was.
  package borrowing func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    while true {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if written >= 0 { return written }
      let error = SystemError.last
      if error.code != EINTR { throw error }
    }
  }

  /// Removes a file; throws why it cannot.
  package static func remove(_ path: String) throws(SystemError) {
    // A C string for the call alone.
    if unsafe unlink(path) != 0 { throw .last }
  }
}
