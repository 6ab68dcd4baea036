// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import System

/// The search for what speaks TLS, continued in rounds: programs that start after it has begun, and libraries that take
/// the place of others.
///
/// A process is looked at when it is new, then ever more seldom: what it loads late is found late. A file is read once.
/// Processes may be strangers': what one may cost is bounded in each round.
package struct LibraryWatch {
  /// A sighting: a file that a round comes upon.
  package enum Sighting {
    /// A process is about to be looked at.
    case process
    /// A file that speaks TLS and was not seen before.
    case library(TLSLibrary)
    /// A library that processes of a program execute although its file was removed or replaced.
    case replaced(TLSLibrary)
    /// A program, and the files with TLS that a process of it has mapped.
    case program(String, Set<TLSLibrary.Identity>)
  }

  /// The decision about a sighting from now on.
  package enum Answer {
    /// Nothing more: it was looked at, until it changes.
    case done
    /// It is to be seen again.
    case again
    /// The file is held, whatever changes about it.
    case held
  }

  /// A process that was looked at.
  private struct Visit {
    /// The time when it has started, in the kernel's ticks: its number may be another's later.
    var start: UInt64
    /// What it executes.
    var program: FileVersion?
    var looks = 0
    /// The round of its next look.
    var next = 0
  }

  /// Looks of full length in a round, and in the first one, which is about all that runs: it takes five seconds at most.
  private static let (mostLooks, firstLooks): (UInt64, UInt64) = (10, 100)
  /// After this many looks they become no rarer: one in 128 rounds; with a file that is to be seen again, one in 8.
  private static let (rarest, rarestAgain) = (7, 3)
  /// Files that are remembered at most; beyond these all are looked at again.
  private static let mostFiles = 65_536

  /// Files that were looked at.
  private var files: Set<FileVersion> = []
  /// Those that speak TLS.
  private var libraries: Set<TLSLibrary.Identity> = []
  /// Files that have probes: what is open cannot be another file by its number.
  private var held: Set<TLSLibrary.Identity> = []
  private var visits: [Int32: Visit] = [:]
  /// The times when the loaders' folders were changed last, of those whose files were all looked at.
  private var changes: [String: Int64] = [:]
  private var number = 0
  /// Files that were read so far.
  private var reads = 0
  private let patience: UInt64
  /// Where the loaders look.
  private let folders: [String]
  /// Numbers of the processes that run.
  private let processes: () -> [Int32]
  /// What speaks TLS in a file that is not named after it.
  private let carried: (TLSLibrary) throws(SystemError) -> TLSLibrary.Kind?
  /// Whether a file of the folder or process that is looked at is to be seen again.
  private var isOneLeft = false
  /// The process after which the next round begins: the last round ended with it, as its time was over.
  private var last: Int32 = 0
  private let own = FileVersion(path: "/proc/self/exe")

  /// - Parameter patience: nanoseconds after which a look at a process reads no more files; those that are left are for
  ///   its next look.
  package init(patience: UInt64 = 50_000_000) {
    self.init(patience: patience) { FolderNames.all(in: "/proc").compactMap { Int32($0) } }
  }

  init(
    patience: UInt64, folders: [String] = LibrarySearch.folders,
    carried: @escaping (TLSLibrary) throws(SystemError) -> TLSLibrary.Kind? = {
      (library) throws(SystemError) in try LibrarySearch.carried(by: library, isThorough: false)
    },
    processes: @escaping () -> [Int32]
  ) {
    (self.patience, self.folders, self.processes) = (patience, folders, processes)
    self.carried = carried
  }

  /// Files that need no look, as long as they are held.
  package mutating func hold(_ identity: TLSLibrary.Identity) {
    held.insert(identity)
    libraries.insert(identity)
  }

  /// A file may be looked at again.
  package mutating func release(_ identity: TLSLibrary.Identity) {
    held.remove(identity)
    files = files.filter { $0.identity != identity }
    // Who has it mapped is looked at in the next round.
    for process in visits.keys { visits[process]?.next = 0 }
  }

  /// Looks at the loaders' folders and at all processes whose turn it is.
  package mutating func round(_ see: (Sighting) -> Answer) {
    defer { number += 1 }
    for folder in folders { look(in: folder, see) }
    let processes = processes().sorted()
    let running = Set(processes)
    visits = visits.filter { running.contains($0.key) }
    // The next round begins where this one ends.
    let looks = number == 0 ? Self.firstLooks : Self.mostLooks
    let end = SystemClock.monotonic.now &+ looks &* patience
    let turn = processes.firstIndex { $0 > last } ?? 0
    for process in processes[turn...] + processes[..<turn] {
      last = process
      visit(process, see)
      if SystemClock.monotonic.now > end { return }
    }
    last = 0
  }

  private mutating func look(in folder: String, _ see: (Sighting) -> Answer) {
    // Nothing has come or gone there since.
    let changed = FolderNames.lastChange(of: folder)
    guard changed == nil || changes[folder] != changed else { return }
    isOneLeft = false
    defer { changes[folder] = isOneLeft ? nil : changed }
    for name in FolderNames.all(in: folder) {
      guard let kind = TLSLibrary.Kind(name: name),
        let (path, identity) = LibrarySearch.resolve("\(folder)/\(name)")
      else { continue }
      _ = meet(TLSLibrary(kind: kind, path: path, identity: identity), isNamed: true, see)
    }
  }

  private mutating func visit(_ process: Int32, _ see: (Sighting) -> Answer) {
    // It may have gone.
    guard let start = ProcessStart.ticks(of: process) else { return }
    let program = FileVersion(path: "/proc/\(process)/exe")
    var visit = visits[process] ?? Visit(start: start, program: program)
    if visit.start != start || visit.program != program { visit = Visit(start: start, program: program) }
    defer { visits[process] = visit }
    guard number >= visit.next else { return }
    visit.next = number + 1 << min(visit.looks, Self.rarest)
    visit.looks += 1
    // This program has libraries of its own in it, and speaks no HTTP by them.
    if program != nil, program == own { return }
    _ = see(.process)
    isOneLeft = false
    if !look(at: process, see) { visit.next = number + 1 }
    if isOneLeft { visit.looks = min(visit.looks, Self.rarestAgain) }
  }

  /// Looks at what a process has mapped; whether there was time for all of it.
  private mutating func look(at process: Int32, _ see: (Sighting) -> Answer) -> Bool {
    let end = SystemClock.monotonic.now &+ patience
    guard let maps = SmallFile.beginning(of: "/proc/\(process)/maps", limit: MappedFiles.longest) else {
      return true
    }
    let name = SmallFile.text(of: "/proc/\(process)/comm").map { String($0.prefix { $0 != "\n" }) } ?? ""
    var found: Set<TLSLibrary.Identity> = []
    for mapping in MappedFiles.list(maps) {
      let named = TLSLibrary.Kind(name: mapping.name)
      guard let place = LibrarySearch.place(of: mapping, "/proc/\(process)/root") else {
        if let named {
          let unknown = TLSLibrary.Identity(device: 0, inode: mapping.inode)
          _ = see(.replaced(TLSLibrary(kind: named, path: mapping.path, identity: unknown)))
        }
        continue
      }
      let library = TLSLibrary(
        kind: named ?? .openSSL, path: place.path, root: place.root, identity: place.identity)
      let before = reads
      if meet(library, isNamed: named != nil, see) { found.insert(place.identity) }
      if reads != before, SystemClock.monotonic.now > end { return false }
    }
    _ = see(.program(name, found))
    return true
  }

  /// Looks at a file that was not looked at; whether it speaks TLS.
  private mutating func meet(_ library: TLSLibrary, isNamed: Bool, _ see: (Sighting) -> Answer) -> Bool {
    var library = library
    if held.contains(library.identity) { return true }
    guard let version = FileVersion(path: library.root + library.path), version.identity == library.identity
    else { return false }
    if files.contains(version) { return libraries.contains(library.identity) }
    reads += 1
    if files.count >= Self.mostFiles { files = [] }
    if !isNamed {
      let kind: TLSLibrary.Kind?
      // What cannot be opened now, as its process is about to go, is not taken for a file without TLS.
      do throws(SystemError) { kind = try carried(library) } catch { return false }
      guard let kind else {
        files.insert(version)
        libraries.remove(library.identity)
        return false
      }
      library.kind = kind
    }
    libraries.insert(library.identity)
    switch see(.library(library)) {
    case .done: files.insert(version)
    case .held: held.insert(library.identity)
    case .again: isOneLeft = true
    }
    return true
  }
}

/// The start times of processes.
enum ProcessStart {
  /// Ticks from the machine's start to the process's; nil when there is no such process.
  static func ticks(of process: Int32) -> UInt64? {
    guard let bytes = try? SmallFile.contents(of: "/proc/\(process)/stat") else { return nil }
    return ticks(bytes)
  }

  /// From the text of /proc/PID/stat: the twentieth number after the name, which may have anything in it.
  static func ticks(_ stat: [UInt8]) -> UInt64? {
    guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let parts = stat[(end + 1)...].split(separator: UInt8(ascii: " "))
    return parts.count > 19 ? UInt64(String(decoding: parts[19], as: UTF8.self)) : nil
  }
}
