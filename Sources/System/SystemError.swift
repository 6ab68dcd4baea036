// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// An error number of the operating system (errno), as an error: every refused system call ends in one.
package struct SystemError: Error, Equatable, Sendable {
  /// The number: positive, 0 for none.
  package let code: Int32

  package init(_ code: Int32) { self.code = code }

  /// The error of the call that has just failed in this thread.
  package static var last: SystemError { SystemError(errno) }

  /// The number in words, as they continue a sentence: "permission denied".
  package var reason: String {
    // A text of the C library's, which stays until this thread's next call; copied at once.
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    let reason = unsafe String(cString: text)
    // "Permission denied" loses its capital; "RFS specific error" is left as it is.
    guard let first = reason.first, reason.dropFirst().first?.isLowercase == true else { return reason }
    return first.lowercased() + reason.dropFirst()
  }

  /// There is nothing under that path.
  package static let noSuchFile = SystemError(ENOENT)

  /// There is something under that path already.
  package static let exists = SystemError(EEXIST)

  /// What is to be written is more than the file may hold.
  package static let tooLarge = SystemError(EFBIG)

  /// What an operator can do about what the system lacks, whatever was asked of it; nil for other errors.
  package var hint: String? {
    switch code {
    case ENOSPC, EDQUOT: "make room on the file system, or name a file on another one"
    case EROFS: "a file on a file system that can be written"
    case EMFILE: "allow the process more open files: ulimit -n 1024"
    case ENFILE: "allow the machine more open files: sysctl fs.file-max"
    default: nil
    }
  }

  /// Whether the caller lacks a right.
  package var isPermission: Bool { code == EPERM || code == EACCES }
}
