// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A file as it was looked at: one that is written to, or that takes the number of one that was removed, is another.
package struct FileVersion: Hashable, Sendable {
  package var identity: TLSLibrary.Identity
  /// Nanoseconds of the last change, on the file system's clock.
  private var changed: Int64
  private var bytes: Int64

  /// The regular file that a path leads to; nil for others, and where it leads to none.
  package init?(path: String) {
    var status = stat()
    // Fills in one local variable.
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The regular file that is open.
  package init?(descriptor: Int32) {
    var status = stat()
    // Fills in one local variable.
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    identity = TLSLibrary.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    bytes = Int64(status.st_size)
  }

  /// Whether both may be one file, seen through two mounts of overlays, which have devices of their own: a file below an overlay
  /// keeps its number, its size and its times there.
  package func isSame(as other: FileVersion) -> Bool {
    identity.inode == other.identity.inode && changed == other.changed && bytes == other.bytes
  }
}
