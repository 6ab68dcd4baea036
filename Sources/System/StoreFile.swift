// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A regular file that is appended to, read at any place, and cut; or one that is only read.
///
/// Reading moves the descriptor's offset (pread(2) is not among a sandboxed process's calls), appending does not look at
/// it: two threads that read have a descriptor each.
package final class StoreFile: Sendable {
  /// What lies at the path is no regular file.
  package static let notRegular = SystemError(EINVAL)

  private let descriptor: Descriptor

  /// Opens a file for appending, and makes it (0640) when it is missing, for `owner` where there is one.
  package init(appendingTo path: String, owner: LogOwner? = nil) throws(SystemError) {
    let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    // As for a log: only a file that did not exist is given away. The path is a C string for the calls alone.
    let made = unsafe open(path, flags | O_EXCL, 0o640)
    if made < 0, SystemError.last != .exists { throw .last }
    // A link is not followed, and no file is created through one.
    let number = made >= 0 ? made : unsafe open(path, (flags & ~O_CREAT) | O_NOFOLLOW)
    guard number >= 0 else { throw .last }
    descriptor = Descriptor(number)
    if made >= 0, let owner, fchown(made, owner.user, owner.group) != 0 { throw .last }
    _ = try status()
  }

  /// Opens a file for reading.
  package init(reading path: String) throws(SystemError) {
    // As above.
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard number >= 0 else { throw .last }
    descriptor = Descriptor(number)
    _ = try status()
  }

  /// Bytes in the file.
  package func size() throws(SystemError) -> Int { Int(try status().st_size) }

  /// Which file it is, whatever its name; nil when the system does not say.
  package var identity: LogFile.Identity? {
    guard let status = try? status() else { return nil }
    return LogFile.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Takes the file for this process, until it is closed; false when another process has it.
  package func lock() throws(SystemError) -> Bool {
    if flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 { return true }
    if errno == EWOULDBLOCK { return false }
    throw .last
  }

  /// The bytes from `offset` on, at most `count` of them; fewer at the file's end.
  package func read(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
    guard lseek(descriptor.number, off_t(offset), SEEK_SET) >= 0 else { throw .last }
    var bytes = [UInt8](repeating: 0, count: count)
    var end = 0
    while end < count {
      let got = unsafe bytes.withUnsafeMutableBytes { buffer in
        // What is left of the buffer, which lives through the call.
        unsafe SystemCall.read(descriptor.number, buffer.baseAddress.map { unsafe $0 + end }, count - end)
      }
      if got == 0 { break }
      if got < 0 {
        if errno == EINTR { continue }
        throw .last
      }
      end += got
    }
    bytes.removeLast(count - end)
    return bytes
  }

  /// Writes all bytes at the file's end; throws in the midst of them when the system takes no more.
  package func append(_ bytes: [UInt8]) throws(SystemError) {
    var start = 0
    while start < bytes.count {
      let written = unsafe bytes[start...].withUnsafeBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe write(descriptor.number, buffer.baseAddress, buffer.count)
      }
      if written >= 0 {
        start += written
      } else if errno != EINTR {
        throw .last
      }
    }
  }

  /// Cuts the file to this many bytes.
  package func cut(to size: Int) throws(SystemError) {
    if ftruncate(descriptor.number, off_t(size)) != 0 { throw .last }
  }

  private func status() throws(SystemError) -> stat {
    var status = stat()
    // The call fills a local value.
    guard unsafe fstat(descriptor.number, &status) == 0 else { throw .last }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Self.notRegular }
    return status
  }
}
