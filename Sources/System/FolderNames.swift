// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The names in a folder.
package enum FolderNames {
  /// The names of the files and folders in `path`, in no order; none when it cannot be read.
  package static func all(in path: String) -> [String] {
    // Opened here, closed here, used by no one else.
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    // The entry stays until the next call, and its name ends with a zero: readdir(3).
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// The time when a name last came or went there, nanoseconds on the file system's clock; nil when that cannot be read.
  package static func lastChange(of path: String) -> Int64? {
    var status = stat()
    // Fills in one local variable.
    guard unsafe stat(path, &status) == 0 else { return nil }
    #if canImport(Glibc)
      let time = status.st_mtim
    #else
      let time = status.st_mtimespec
    #endif
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
