// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import System

/// The search for the TLS libraries of this machine: those that programs load by name, and those that
/// running processes have mapped, in containers too.
package enum LibrarySearch {
  /// Where the loaders of Debian, Red Hat, SUSE, Arch and Alpine look.
  private static let folders = [
    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib",
    "/usr/local/lib", "/usr/local/lib64",
  ]

  /// What a search has found.
  package struct Result: Sendable {
    /// Each file once, in the order of its paths.
    package var libraries: [TLSLibrary] = []
    /// Libraries that processes execute although their files were removed or replaced: each path once.
    package var replaced: [String] = []
  }

  /// Looks in the loaders' folders and at all processes that this one may look at.
  package static func run() -> Result {
    var found: [TLSLibrary.Identity: TLSLibrary] = [:]
    for folder in folders {
      for name in FolderNames.all(in: folder) {
        guard let kind = TLSLibrary.Kind(name: name), let (path, identity) = resolve("\(folder)/\(name)")
        else {
          continue
        }
        found[identity] = TLSLibrary(kind: kind, path: path, identity: identity)
      }
    }
    var replaced: Set<String> = []
    for process in FolderNames.all(in: "/proc").compactMap({ Int32($0) }) {
      guard let maps = SmallFile.text(of: "/proc/\(process)/maps") else { continue }
      for mapping in MappedLibraries.list(maps) {
        let root = "/proc/\(process)/root"
        guard !mapping.isDeleted, let identity = identity(of: root + mapping.path),
          identity.inode == mapping.inode
        else {
          replaced.insert(mapping.path)
          continue
        }
        if found[identity] != nil {
          found[identity]?.processes += 1
        } else if let name = mapping.path.split(separator: "/").last, let kind = TLSLibrary.Kind(name: name) {
          found[identity] = TLSLibrary(
            kind: kind, path: mapping.path, root: root, identity: identity, processes: 1)
        }
      }
    }
    return Result(libraries: found.values.sorted { $0.path < $1.path }, replaced: replaced.sorted())
  }

  /// The path without links of a regular file, and its identity; nil for others.
  private static func resolve(_ path: String) -> (String, TLSLibrary.Identity)? {
    // A new text, freed here.
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    let name = unsafe String(cString: real)
    return identity(of: name).map { (name, $0) }
  }

  private static func identity(of path: String) -> TLSLibrary.Identity? {
    var status = stat()
    // Fills in one local variable.
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return TLSLibrary.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }
}
