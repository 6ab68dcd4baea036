// SPDX-License-Identifier: Apache-2.0

/// The files that one process executes, from the text of its /proc/PID/maps.
enum MappedFiles {
  /// One file that is executed there.
  struct Mapping: Hashable {
    var path: String
    /// As in the text: of an overlay it may be another one than the file's own.
    var device: String
    var inode: UInt64
    /// The name no longer leads to the file: it was removed or replaced while the process has it mapped.
    var isDeleted: Bool

    /// The last part of the path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
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
      guard path.hasPrefix("/") else { continue }
      found.insert(
        Mapping(path: String(path), device: String(parts[3]), inode: inode, isDeleted: isDeleted))
    }
    return found
  }
}
