// SPDX-License-Identifier: Apache-2.0

/// The TLS libraries among the mappings of one process, from the text of its /proc/PID/maps.
enum MappedLibraries {
  /// One library that is executed there.
  struct Mapping: Hashable {
    var path: String
    var inode: UInt64
    /// The name no longer leads to the file: it was removed or replaced while the process has it mapped.
    var isDeleted: Bool
  }

  private static let deleted = " (deleted)"

  /// The mappings, each once. A line: range, rights, offset, device, inode and, after spaces, the path.
  static func list(_ maps: String) -> Set<Mapping> {
    var found: Set<Mapping> = []
    for line in maps.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 5)
      guard parts.count == 6, parts[1].utf8.dropFirst(2).first == UInt8(ascii: "x"),
        let inode = UInt64(parts[4])
      else { continue }
      var path = parts[5].drop { $0 == " " }
      let isDeleted = path.hasSuffix(deleted)
      if isDeleted { path = path.dropLast(deleted.count) }
      guard path.hasPrefix("/"), let name = path.split(separator: "/").last,
        TLSLibrary.Kind(name: name) != nil
      else { continue }
      found.insert(Mapping(path: String(path), inode: inode, isDeleted: isDeleted))
    }
    return found
  }
}
