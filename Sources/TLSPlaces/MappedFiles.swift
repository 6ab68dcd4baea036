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

  /// Mappings that are listed at most: programs have some hundreds.
  static let most = 2_048
  /// Bytes of the text that are read: some 80,000 lines, more than a process may have mappings by default.
  static let longest = 8 << 20

  private static let deleted = Array(" (deleted)".utf8)

  /// The mappings, each once. A line: range, rights, offset, device, inode and, after spaces, the path.
  static func list(_ maps: [UInt8]) -> Set<Mapping> {
    var found: Set<Mapping> = []
    var start = 0
    while start < maps.count, found.count < most {
      let end = maps[start...].firstIndex(of: UInt8(ascii: "\n")) ?? maps.count
      if let mapping = mapping(maps[start..<end]) { found.insert(mapping) }
      start = end + 1
    }
    return found
  }

  private static func mapping(_ line: ArraySlice<UInt8>) -> Mapping? {
    // Most lines end here: no text is made of them.
    guard let rights = line.firstIndex(of: UInt8(ascii: " ")), rights + 3 < line.endIndex,
      line[rights + 3] == UInt8(ascii: "x"),
      let slash = line[rights...].firstIndex(of: UInt8(ascii: "/"))
    else { return nil }
    // Offset, device, inode; what is in brackets there is no path.
    let parts = line[(rights + 1)..<slash].split(separator: UInt8(ascii: " "))
    guard parts.count == 4, let inode = UInt64(String(decoding: parts[3], as: UTF8.self)) else { return nil }
    var path = line[slash...]
    let isDeleted = path.count > deleted.count && path.suffix(deleted.count).elementsEqual(deleted)
    if isDeleted { path = path.dropLast(deleted.count) }
    return Mapping(
      path: String(decoding: path, as: UTF8.self), device: String(decoding: parts[2], as: UTF8.self),
      inode: inode, isDeleted: isDeleted)
  }
}
