// SPDX-License-Identifier: Apache-2.0

/// The file that a path leads to, whether it is there already or not: paths of one place are names of one file.
package struct FilePlace: Hashable, Sendable {
  /// The file itself, or the nearest folder above it that there is; nil when there is none.
  private let anchor: LogFile.Identity?
  /// What is to be made below that folder.
  private let rest: [String]

  package init(_ path: String) {
    var names = path.split(separator: "/").map(String.init).filter { $0 != "." }
    let root = path.hasPrefix("/") ? "/" : ""
    var missing: [String] = []
    while true {
      let found = root + names.joined(separator: "/")
      if let identity = LogFile.identity(at: found.isEmpty ? "." : found) {
        (anchor, rest) = (identity, missing.reversed())
        return
      }
      guard let name = names.popLast() else { break }
      missing.append(name)
    }
    (anchor, rest) = (nil, missing.reversed())
  }
}
