// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files of this repository, by paths relative to its root.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The paths of all files below `folder` whose names end in `suffix`, sorted; hidden folders, which hold builds, are
  /// left out.
  static func files(below folder: String = "", endingIn suffix: String) -> [String] {
    let base = folder.isEmpty ? root : "\(root)/\(folder)"
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: base) else { return [] }
    var paths: [String] = []
    for name in names where !name.hasPrefix(".") {
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      if isFolder(path) {
        paths += files(below: path, endingIn: suffix)
      } else if name.hasSuffix(suffix) {
        paths.append(path)
      }
    }
    return paths.sorted()
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }

  /// The text of a file; throws when it cannot be read.
  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  private static func isFolder(_ path: String) -> Bool {
    let type = try? FileManager.default.attributesOfItem(atPath: "\(root)/\(path)")[.type]
    return type as? FileAttributeType == .typeDirectory
  }
}
