// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import System

/// A library's open file: what is examined is what a probe is attached to, whatever its path leads to by then.
package struct LibraryFile: Sendable {
  /// Files that are longer are not read: the libraries of distributions have some 700 KB.
  private static let longest = 64 << 20

  package let descriptor: Descriptor

  /// Opens a library; throws what the system says, ESTALE when its path leads to another file by now.
  package init(_ library: TLSLibrary) throws(SystemError) {
    // Opening a pipe or a device that has taken the file's place must not wait or act.
    let number = unsafe open(library.root + library.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard number >= 0 else { throw .last }
    descriptor = Descriptor(number)
    var status = stat()
    // Fills in one local variable.
    guard unsafe fstat(number, &status) == 0 else { throw .last }
    guard status.st_mode & S_IFMT == S_IFREG, UInt64(status.st_dev) == library.identity.device,
      UInt64(status.st_ino) == library.identity.inode
    else { throw SystemError(ESTALE) }
  }

  /// The file's bytes; throws what the system says, EFBIG when it is longer than libraries are.
  package func read() throws(SystemError) -> [UInt8] {
    var status = stat()
    // Fills in one local variable.
    guard unsafe fstat(descriptor.number, &status) == 0 else { throw .last }
    guard status.st_size <= Self.longest else { throw SystemError(EFBIG) }
    return try Self.read(descriptor.number, count: Int(status.st_size))
  }

  private static func read(_ number: Int32, count: Int) throws(SystemError) -> [UInt8] {
    var fault: SystemError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      while filled < count {
        // Within the buffer: what is left of it bounds the call.
        let size = unsafe pread(
          number, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(filled))
        if size < 0, errno == EINTR { continue }
        if size < 0 { fault = .last }
        if size <= 0 { return }
        filled += size
      }
    }
    if let fault { throw fault }
    return bytes
  }
}
