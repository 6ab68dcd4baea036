// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import System

/// A library's open file: what is examined is what a probe is attached to, whatever its path leads to by then.
package struct LibraryFile: FileBytes {
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
    count = Int(status.st_size)
  }

  /// The number of the file's bytes.
  package let count: Int

  package func read(_ range: Range<Int>) -> [UInt8]? {
    guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
    // An array made with room for nothing has its count written into what all empty arrays share, by any thread.
    guard !range.isEmpty else { return [] }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
      filled = unsafe fill(UnsafeMutableRawBufferPointer(buffer), from: range.lowerBound)
    }
    return bytes.count == range.count ? bytes : nil
  }

  package func read(_ range: Range<Int>, into bytes: inout [UInt8]) -> Bool {
    guard range.lowerBound >= 0, range.upperBound <= count, range.count <= bytes.count else { return false }
    let filled = unsafe bytes.withUnsafeMutableBytes { buffer in
      // No more than the range has, which the buffer has room for.
      unsafe fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count]), from: range.lowerBound)
    }
    return filled == range.count
  }

  /// Reads from a place on until the buffer is full; the number of bytes, less at the file's end and on a fault.
  private func fill(_ buffer: UnsafeMutableRawBufferPointer, from place: Int) -> Int {
    var filled = 0
    while filled < buffer.count {
      // Within the buffer: what is left of it bounds the call.
      let size = unsafe pread(
        descriptor.number, buffer.baseAddress?.advanced(by: filled), buffer.count - filled,
        off_t(place + filled))
      if size < 0, errno == EINTR { continue }
      if size <= 0 { return filled }
      filled += size
    }
    return filled
  }
}
