// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file of its own that is written from its beginning: what was in it before is gone. Nobody but its owner reads it (0600).
///
/// What lies at the path already is looked at before a byte of it is lost: only a regular file without a second name, of
/// this user or of the one who gets it, is taken.
package struct OutputFile: ~Copyable {
  private let descriptor: Int32

  /// Opens the file, makes it when it is missing, and gives it to `owner` where there is one. A link is not followed.
  ///
  /// - Parameter isNew: one that is there already is left as it is (`SystemError.exists`).
  package init(path: String, owner: LogOwner? = nil, isNew: Bool = false) throws(SystemError) {
    // Non-blocking, so that a pipe without a reader is an error and not a standstill. The path is passed as a C string
    // for the calls alone.
    let flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK
    let made = unsafe open(path, flags | O_CREAT | O_EXCL, 0o600)
    if made < 0, isNew || SystemError.last != .exists { throw .last }
    let number = made >= 0 ? made : unsafe open(path, flags)
    guard number >= 0 else { throw .last }
    do throws(SystemError) {
      try Self.own(number, for: owner, isMade: made >= 0)
    } catch {
      close(number)
      throw error
    }
    descriptor = number
  }

  deinit { close(descriptor) }

  /// Has the file to itself, as `owner`'s alone, and empties it; throws why it must not, or cannot.
  private static func own(_ descriptor: Int32, for owner: LogOwner?, isMade: Bool) throws(SystemError) {
    var status = stat()
    // The call fills a local value.
    guard unsafe fstat(descriptor, &status) == 0 else { throw .last }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(EINVAL) }
    if !isMade {
      // By its other name it may be anybody's, and be read there.
      guard status.st_nlink == 1 else { throw SystemError(EMLINK) }
      guard status.st_uid == geteuid() || status.st_uid == owner?.user else { throw SystemError(EPERM) }
    }
    // A file system without modes has others' files for everybody to read.
    if status.st_mode & 0o7777 != 0o600, fchmod(descriptor, 0o600) != 0 { throw .last }
    if let owner, status.st_uid != owner.user || status.st_gid != owner.group,
      fchown(descriptor, owner.user, owner.group) != 0
    {
      throw .last
    }
    if !isMade, ftruncate(descriptor, 0) != 0 { throw .last }
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
