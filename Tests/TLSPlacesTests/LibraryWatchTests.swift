// SPDX-License-Identifier: Apache-2.0
import Children
import Glibc
import System
import Testing

@testable import TLSPlaces

/// The search in rounds, on the machine that runs the tests.
@Suite(.serialized)
struct LibraryWatchTests {
  /// What one round comes upon.
  private struct Seen {
    var libraries: [TLSLibrary] = []
    var programs: [String: Set<TLSLibrary.Identity>] = [:]
    var processes = 0

    init(_ watch: inout LibraryWatch, _ answer: LibraryWatch.Answer = .done) {
      var seen: (libraries: [TLSLibrary], programs: [String: Set<TLSLibrary.Identity>], processes: Int) = (
        [], [:], 0
      )
      watch.round { sighting in
        switch sighting {
        case .process: seen.processes += 1
        case .library(let library):
          seen.libraries.append(library)
          return answer
        case .program(let name, let libraries): seen.programs[name, default: []].formUnion(libraries)
        case .replaced: break
        }
        return .done
      }
      (libraries, programs, processes) = seen
    }

    func has(_ path: String) -> Bool { libraries.contains { $0.path == path } }
  }

  private static func folder() throws -> String {
    var template = Array("/tmp/wiretally-watch-XXXXXX".utf8CString)
    // Writes the name into the array.
    return try #require(unsafe mkdtemp(&template).map { unsafe String(cString: $0) })
  }

  /// A process that has a copy of the system's library mapped.
  private static func loading(_ copy: String) throws -> ChildProcess {
    let loader =
      "import ctypes, os, sys as s; ctypes.CDLL(s.argv[1]);"
      + " open(s.argv[1] + '.' + str(os.getpid()), 'w'); s.stdin.read()"
    let process = ChildProcess(["/usr/bin/env", "python3", "-c", loader, copy], isFed: true)
    let marker = "\(copy).\(process.identifier)"
    for _ in 0..<1_000 where process.isRunning && SmallFile.text(of: marker) == nil { usleep(10_000) }
    return process
  }

  /// A search among these processes alone; it has no end of its patience.
  private static func watch(_ processes: Locked<[Int32]>) -> LibraryWatch {
    LibraryWatch(patience: 3_600_000_000_000) { processes.withLock { $0 } }
  }

  private static func copy(to folder: String) throws -> String {
    let library = try #require(
      LibrarySearch.run().libraries.first { $0.path.hasSuffix("/libssl.so.3") && $0.root.isEmpty })
    let copy = folder + "/libssl.so.3"
    #expect(ChildProcess(["/bin/cp", library.path, copy]).wait(seconds: 20))
    return copy
  }

  @Test func `a library that a process loads later is seen once, and again when its file has changed`() throws
  {
    let processes = Locked<[Int32]>([])
    var watch = Self.watch(processes)
    // Those that programs load by name.
    #expect(!Seen(&watch).libraries.isEmpty)
    let folder = try Self.folder()
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    let copy = try Self.copy(to: folder)
    #expect(!Seen(&watch).has(copy))
    let first = try Self.loading(copy)
    processes.withLock { $0.append(first.identifier) }
    let found = Seen(&watch)
    #expect(found.has(copy))
    let identity = try #require(found.libraries.first { $0.path == copy }?.identity)
    #expect(found.programs.values.contains { $0.contains(identity) })
    // Another process of the same file brings nothing new but its name.
    let second = try Self.loading(copy)
    processes.withLock { $0.append(second.identifier) }
    let again = Seen(&watch)
    #expect(!again.has(copy) && again.programs.values.contains { $0.contains(identity) })
    // As a writer leaves it.
    #expect(ChildProcess(["/bin/chmod", "755", copy]).wait(seconds: 20))
    let third = try Self.loading(copy)
    processes.withLock { $0.append(third.identifier) }
    #expect(Seen(&watch, .held).has(copy))
    // What is held has probes: it is the same file, whatever is changed about it.
    #expect(ChildProcess(["/bin/chmod", "700", copy]).wait(seconds: 20))
    let fourth = try Self.loading(copy)
    processes.withLock { $0.append(fourth.identifier) }
    #expect(!Seen(&watch).has(copy))
    watch.release(identity)
    #expect(Seen(&watch).has(copy))
    for process in [first, second, third, fourth] {
      process.endInput()
      #expect(process.wait(seconds: 20))
    }
  }

  @Test func `a file that cannot be opened for an instant is looked at again`() throws {
    let folder = try Self.folder()
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    let copy = folder + "/program"
    #expect(ChildProcess(["/bin/mv", try Self.copy(to: folder), copy]).wait(seconds: 20))
    let process = try Self.loading(copy)
    let isOpening = Locked(false)
    var watch = LibraryWatch(
      patience: 3_600_000_000_000, folders: [],
      carried: { (library) throws(SystemError) in
        if library.path == copy, !isOpening.withLock({ $0 }) { throw SystemError(EMFILE) }
        return library.path == copy ? .openSSL : nil
      }, processes: { [process.identifier] })
    #expect(!Seen(&watch).has(copy))
    isOpening.withLock { $0 = true }
    // The next looks at a process are one round and two rounds later.
    #expect((0..<2).contains { _ in Seen(&watch).has(copy) })
    #expect(!(0..<4).contains { _ in Seen(&watch).has(copy) })
    process.endInput()
    #expect(process.wait(seconds: 20))
  }

  @Test func `without patience some files are read in each look, until all are`() throws {
    let folder = try Self.folder()
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    let copy = try Self.copy(to: folder)
    let process = try Self.loading(copy)
    let number = process.identifier
    var watch = LibraryWatch(patience: 0) { [number] }
    var rounds = 1
    while rounds < 1_000, !Seen(&watch).has(copy) { rounds += 1 }
    // How many it takes depends on the order in which a process's files come.
    #expect(rounds < 1_000)
    process.endInput()
    #expect(process.wait(seconds: 20))
  }

  @Test func `a file that is to be seen again is, and processes are looked at ever more seldom`() throws {
    let folder = try Self.folder()
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    let copy = try Self.copy(to: folder)
    let process = try Self.loading(copy)
    var watch = Self.watch(Locked([process.identifier]))
    // In the rounds 0, 1, 3 and 7.
    let rounds = (0..<8).map { _ in Seen(&watch, .again).has(copy) }
    #expect(rounds == [true, true, false, true, false, false, false, true])
    process.endInput()
    #expect(process.wait(seconds: 20))
  }

  @Test func `a folder with a file that is to be seen again is looked at again, until it was seen`() throws {
    let folder = try Self.folder()
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    let copy = try Self.copy(to: folder)
    var watch = LibraryWatch(patience: 3_600_000_000_000, folders: [folder]) { [] }
    #expect(Seen(&watch, .again).has(copy) && Seen(&watch, .again).has(copy) && Seen(&watch, .done).has(copy))
    #expect(!Seen(&watch).has(copy))
  }

  @Test func `the time of a process's start follows a name that may have anything in it`() {
    let rest = (3...30).map(String.init).joined(separator: " ")
    #expect(ProcessStart.ticks(Array("7 (a) S 1 (b)) \(rest)".utf8)) == 22)
    #expect(ProcessStart.ticks(Array("7 (a) S".utf8)) == nil && ProcessStart.ticks([]) == nil)
    #expect(ProcessStart.ticks(of: getpid()) != nil && ProcessStart.ticks(of: -1) == nil)
  }

  @Test func `of a process with any number of mappings a bounded number is looked at`() {
    let lines = (0..<10_000).map { "7f00-7f01 r-xp 00000000 fe:00 \($0) /tmp/\($0)" }
    #expect(MappedFiles.list(Array(lines.joined(separator: "\n").utf8)).count == MappedFiles.most)
    let odd = [
      "7f00-7f01 r-xp 00000000 fe:00 x /tmp/a", "7f00-7f01 r-xp /a", "/", " ", "7f00 r-x", "7f00 r-xp /",
    ]
    #expect(MappedFiles.list(Array(odd.joined(separator: "\n").utf8)).isEmpty)
  }
}
