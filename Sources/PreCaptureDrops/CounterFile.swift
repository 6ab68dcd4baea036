// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file of the kernel's with counters: opened once, read as often as one likes, without any privilege.
final class CounterFile {
  /// More than 8,192 processors fill; a file that is longer is not read.
  private static let limit = 2 << 20

  private let descriptor: Int32

  /// Nil when there is no such file, or it may not be read.
  init?(_ path: String) {
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Its contents now; nil when there are none, as when its interface has gone.
  func read() -> [UInt8]? {
    // Not pread, which a sandboxed watch may not call.
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { return nil }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while bytes.count < Self.limit {
      // Reads into the local array, no more than it holds.
      let count = unsafe part.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 { return nil }
      if count == 0 { return bytes.isEmpty ? nil : bytes }
      bytes += part.prefix(count)
    }
    return nil
  }
}
