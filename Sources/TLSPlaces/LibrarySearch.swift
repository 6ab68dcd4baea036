// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import System

/// The search for what speaks TLS on this machine: libraries that programs load by name, and what running processes
/// execute, in containers too.
package struct LibrarySearch {
  /// Where the loaders of Debian, Red Hat, SUSE, Arch and Alpine look.
  static let folders = [
    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib",
    "/usr/local/lib", "/usr/local/lib64",
  ]

  /// Names of processes that are kept at most.
  private static let mostPrograms = 4_096

  /// A file as processes' mappings name it: they have its path or its file in common.
  private struct Key: Hashable {
    var device: String
    var inode: UInt64
    var path: String
  }

  /// The result of a search.
  package struct Result: Sendable {
    /// Each file once, in the order of its paths.
    package var libraries: [TLSLibrary] = []
    /// Libraries that processes execute although their files were removed or replaced: each path once.
    package var replaced: [TLSLibrary] = []
    /// What processes have mapped that speaks TLS, by the processes' names; those of the first names that were found.
    package var programs: [String: Set<TLSLibrary.Identity>] = [:]
  }

  private let isThorough: Bool
  private var found: [TLSLibrary.Identity: TLSLibrary] = [:]
  private var replaced: [String: TLSLibrary] = [:]
  private var programs: [String: Set<TLSLibrary.Identity>] = [:]
  /// What mappings were looked at, and which file each is; nil for what speaks no TLS.
  private var seen: [Key: TLSLibrary.Identity?] = [:]
  /// Files that speak no TLS, whichever mappings they have.
  private var others: Set<TLSLibrary.Identity> = []

  private init(isThorough: Bool) { self.isThorough = isThorough }

  /// Looks in the loaders' folders and at all processes that this one may look at.
  /// - Parameter isThorough: constants of programs are searched as well: it takes longer, and names more of what cannot be
  ///   read.
  package static func run(isThorough: Bool = false) -> Result {
    var search = LibrarySearch(isThorough: isThorough)
    for folder in folders { search.look(in: folder) }
    // This program has libraries of its own in it, and speaks no HTTP by them.
    let own = identity(of: "/proc/self/exe").map { Set([$0]) } ?? []
    search.others = own
    for process in FolderNames.all(in: "/proc").compactMap({ Int32($0) }) {
      guard let maps = SmallFile.beginning(of: "/proc/\(process)/maps", limit: MappedFiles.longest) else {
        continue
      }
      let program = SmallFile.text(of: "/proc/\(process)/comm").map { String($0.prefix { $0 != "\n" }) } ?? ""
      if search.programs[program] == nil, search.programs.count < mostPrograms {
        search.programs[program] = []
      }
      for mapping in MappedFiles.list(maps) {
        let found = search.look(at: mapping, root: "/proc/\(process)/root")
        if let found { search.programs[program]?.insert(found) }
      }
    }
    return Result(
      libraries: search.found.values.sorted { $0.path < $1.path },
      replaced: search.replaced.values.sorted { $0.path < $1.path }, programs: search.programs)
  }

  private mutating func look(in folder: String) {
    for name in FolderNames.all(in: folder) {
      guard let kind = TLSLibrary.Kind(name: name), let (path, identity) = Self.resolve("\(folder)/\(name)")
      else { continue }
      found[identity] = TLSLibrary(kind: kind, path: path, identity: identity)
    }
  }

  /// Looks at what a mapping leads to; returns which file it is, nil for one that speaks no TLS, or is gone.
  private mutating func look(at mapping: MappedFiles.Mapping, root: String) -> TLSLibrary.Identity? {
    let key = Key(device: mapping.device, inode: mapping.inode, path: mapping.path)
    if let known = seen[key] {
      if let known { found[known]?.processes += 1 }
      return known
    }
    let named = TLSLibrary.Kind(name: mapping.name)
    guard let (root, path, identity) = Self.place(of: mapping, root) else {
      // What it was is known by its name alone.
      if let named {
        let unknown = TLSLibrary.Identity(device: 0, inode: mapping.inode)
        replaced[mapping.path, default: .init(kind: named, path: mapping.path, root: root, identity: unknown)]
          .processes += 1
      }
      return nil
    }
    if found[identity] == nil, !others.contains(identity) {
      let library = TLSLibrary(
        kind: named ?? .openSSL, path: path, root: root, identity: identity)
      let carried: TLSLibrary.Kind?
      do throws(SystemError) {
        carried = if let named { named } else { try Self.carried(by: library, isThorough: isThorough) }
      } catch {
        // The process may have gone meanwhile: another one that has the file may show it.
        return nil
      }
      if let kind = carried {
        found[identity] = library
        found[identity]?.kind = kind
      } else {
        others.insert(identity)
      }
    }
    let isFound = found[identity] != nil
    seen[key] = .some(isFound ? identity : nil)
    if isFound { found[identity]?.processes += 1 }
    return isFound ? identity : nil
  }

  /// Where a mapping's file is; nil when it has gone.
  ///
  /// The kernel names it from the reader's root, or in a namespace of other mounts from theirs (d_path): for a process in
  /// a chroot that is not what its root leads to by the same name, nor for one that went there after it had loaded it.
  static func place(
    of mapping: MappedFiles.Mapping, _ root: String
  ) -> (root: String, path: String, identity: TLSLibrary.Identity)? {
    guard !mapping.isDeleted else { return nil }
    var places = [(root, mapping.path)]
    if let folder = SymbolicLink.target(of: root), mapping.path.hasPrefix(folder + "/") {
      places.append((root, String(mapping.path.dropFirst(folder.count))))
    }
    places.append(("", mapping.path))
    for (root, path) in places {
      if let identity = identity(of: root + path), identity.inode == mapping.inode {
        return (root, path, identity)
      }
    }
    return nil
  }

  /// What speaks TLS in a file that is not named after it; throws when the file cannot be opened, which tells nothing of it.
  static func carried(by library: TLSLibrary, isThorough: Bool) throws(SystemError) -> TLSLibrary.Kind? {
    let file = try LibraryFile(library)
    guard let elf = try? ELFFile(file) else { return nil }
    return CarriedTLS.kind(of: elf, isThorough: isThorough)
  }

  /// The path without links of a regular file, and its identity; nil for others.
  static func resolve(_ path: String) -> (String, TLSLibrary.Identity)? {
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
