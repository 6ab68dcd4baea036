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
}
