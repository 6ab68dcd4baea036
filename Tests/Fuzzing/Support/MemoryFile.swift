// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// A file without a name in memory, for code under test that reads descriptors or paths.
package enum MemoryFile {
  /// A descriptor of a new file of this many zero bytes, open until the process ends.
  package static func make(size: Int = 0) -> CInt {
    let path = "/dev/shm/wiretally-fuzz-\(getpid())"
    // The path ends in zero for the time of the calls.
    let file = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    unsafe _ = unlink(path)
    expect(file >= 0 && ftruncate(file, off_t(size)) == 0, "a file in memory")
    return file
  }

  /// Replaces what stands from `offset` on.
  package static func write(_ bytes: RawSpan, to file: CInt, at offset: Int = 0) {
    unsafe bytes.withUnsafeBytes { buffer in
      // The buffer bounds what is read.
      unsafe expect(
        pwrite(file, buffer.baseAddress, buffer.count, off_t(offset)) == buffer.count, "it is written")
    }
  }
}
