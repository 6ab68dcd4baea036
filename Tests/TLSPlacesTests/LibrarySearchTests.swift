// SPDX-License-Identifier: Apache-2.0
import Children
import Glibc
import System
import Testing

@testable import TLSPlaces

/// The libraries of the machine that runs the tests, which has curl and Python.
@Suite(.serialized)
struct LibrarySearchTests {
  @Test(
    arguments: [
      ("libssl.so.3", "openSSL"), ("libssl.so.1.1", "openSSL"), ("libssl-0c1f2a3b.so.3", "openSSL"),
      ("libgnutls.so.30.34.3", "gnuTLS"), ("libgnutls-dane.so.0.4.1", nil), ("libssl3.so", nil),
      ("libssl", nil), ("libsslcommon.so", nil), ("libcrypto.so.3", nil),
    ] as [(String, String?)])
  func `files are known by their names`(name: String, kind: String?) {
    #expect(TLSLibrary.Kind(name: name).map { "\($0)" } == kind)
  }

  @Test func `mappings that are executed count, each once`() {
    let maps = """
      7f0000000000-7f0000001000 r--p 00000000 fe:00 17                         /usr/lib/libssl.so.3
      7f0000001000-7f0000002000 r-xp 00001000 fe:00 17                         /usr/lib/libssl.so.3
      7f0000003000-7f0000004000 r-xp 00001000 fe:00 17                         /usr/lib/libssl.so.3
      7f0000005000-7f0000006000 r-xp 00001000 fe:00 18                         /opt/a b/libssl.so.1.1 (deleted)
      7f0000007000-7f0000008000 r-xp 00001000 fe:00 19                         /usr/lib/libc.so.6
      7f0000009000-7f000000a000 r-xp 00000000 00:00 0
      7f000000b000-7f000000c000 r-xp 00000000 00:00 0                          [vdso]
      garbage
      """
    #expect(
      MappedFiles.list(Array(maps.utf8)) == [
        .init(path: "/usr/lib/libssl.so.3", device: "fe:00", inode: 17, isDeleted: false),
        .init(path: "/opt/a b/libssl.so.1.1", device: "fe:00", inode: 18, isDeleted: true),
        .init(path: "/usr/lib/libc.so.6", device: "fe:00", inode: 19, isDeleted: false),
      ])
  }

  /// The library that programs of this machine load; what those of other roots have mapped may have the same path.
  private func system() throws -> TLSLibrary {
    try #require(
      LibrarySearch.run().libraries.first { $0.path.hasSuffix("/libssl.so.3") && $0.root.isEmpty })
  }

  @Test func `the system's library is found, and its places are what a disassembler shows`() throws {
    let library = try system()
    let file = try LibraryFile(library)
    let places = try library.places(in: file)
    #expect(places.map(\.function) == [.read, .write, .handshake, .free])
    let folder = try #require(Self.folder())
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    // nm for where a function is, objdump for what it calls; in this library's file code lies where it is loaded.
    let script = #"""
      start=$(nm -D --defined-only $0 | awk -v n="$1" '$3 ~ "^" n "(@|$)" { print $1 }')
      objdump -d --start-address=0x$start --stop-address=$(printf '0x%x' $((0x$start + 13))) $0 |
        awk '/call/ { for (i = 1; i < NF; i++) if ($i == "call") print $(i + 1) }'
      """#
    for (place, name) in zip(places, ["SSL_read_ex", "SSL_write_ex"]) {
      let disassembler = ChildProcess(
        ["/bin/sh", "-c", script, library.path, name], output: .file("\(folder)/\(name)"))
      #expect(disassembler.wait(seconds: 60))
      let shown = SmallFile.text(of: "\(folder)/\(name)") ?? ""
      let callee = UInt64(shown.prefix { $0 != "\n" }, radix: 16)
      let distance = callee.map { Int64(bitPattern: place.offset &- $0) }
      #expect(distance == 0 || distance == 4, "\(name): \(shown)")
    }
  }

  @Test func `a process that has mapped it is counted, also where its file has gone`() throws {
    let folder = try #require(Self.folder())
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    let library = try system(), copy = folder + "/libssl.so.3"
    #expect(ChildProcess(["/bin/cp", library.path, copy]).wait(seconds: 20))
    let loader =
      "import ctypes, sys as s; ctypes.CDLL(s.argv[1]);"
      + " open(s.argv[1] + '.mapped', 'w'); s.stdin.read()"
    let process = ChildProcess(["python3", "-c", loader, copy], isFed: true)
    for _ in 0..<1_000 where process.isRunning && SmallFile.text(of: copy + ".mapped") == nil {
      usleep(10_000)
    }
    let found = try #require(LibrarySearch.run().libraries.first { $0.path == copy })
    #expect(found.processes == 1 && found.root.hasPrefix("/proc/"))
    let (first, second) = (try LibraryFile(found), try LibraryFile(library))
    #expect(first.count == second.count && first.read(0..<first.count) == second.read(0..<second.count))
    #expect(first.read(0..<first.count + 1) == nil && first.read(1..<1) == [])
    // Replaced by rename: the path leads elsewhere, and what was found is refused.
    #expect(ChildProcess(["/bin/cp", library.path, copy + "~"]).wait(seconds: 20))
    #expect(ChildProcess(["/bin/mv", copy + "~", copy]).wait(seconds: 20))
    #expect(throws: SystemError(ESTALE)) { try LibraryFile(found) }
    let later = LibrarySearch.run()
    #expect(later.replaced.contains { $0.path == copy } && !later.libraries.contains { $0.path == copy })
    process.endInput()
    #expect(process.wait(seconds: 20))
  }

  /// Programs that load a copy of the library: one goes into a chroot afterwards, as HAProxy does, one is in a chroot with
  /// mounts of its own.
  private static let enclosed = [
    "ctypes.CDLL(folder + '/libssl.so.3'); os.chroot(folder)",
    """
    ctypes.CDLL('libcrypto.so.3'); libc = ctypes.CDLL(None); assert libc.unshare(0x20000) == 0
    assert libc.mount(b'none', b'/', None, 0x44000, None) == 0
    assert libc.mount(folder.encode(), folder.encode(), None, 4096, None) == 0
    os.chroot(folder); ctypes.CDLL('/libssl.so.3')
    """,
  ]

  @Test(.enabled(if: geteuid() == 0, "chroot takes root"), arguments: enclosed)
  func `what a process in a chroot has mapped is found`(program: String) throws {
    let folder = try #require(Self.folder())
    defer { ChildProcess(["/bin/rm", "-r", folder]).wait(seconds: 20) }
    let library = try system()
    #expect(ChildProcess(["/bin/cp", library.path, folder + "/libssl.so.3"]).wait(seconds: 20))
    let loader =
      "import ctypes, os, sys\nfolder = sys.argv[1]\n\(program)\nopen('/mapped', 'w')\nsys.stdin.read()"
    let process = ChildProcess(["python3", "-c", loader, folder], isFed: true)
    for _ in 0..<1_000 where process.isRunning && SmallFile.text(of: folder + "/mapped") == nil {
      usleep(10_000)
    }
    let result = LibrarySearch.run()
    let found = try #require(
      result.libraries.first {
        $0.path.hasSuffix("/libssl.so.3") && $0.processes == 1
          && (($0.root + $0.path).hasPrefix(folder) || $0.path == "/libssl.so.3")
      })
    let (first, second) = (try LibraryFile(found), try LibraryFile(library))
    #expect(first.count == second.count && first.read(0..<first.count) == second.read(0..<second.count))
    #expect(!result.replaced.contains { $0.path.hasPrefix(folder) })
    process.endInput()
    #expect(process.wait(seconds: 20))
  }

  private static func folder() -> String? {
    var template = Array("/tmp/wiretally-places-XXXXXX".utf8CString)
    // Writes the name into the array.
    guard let name = unsafe mkdtemp(&template) else { return nil }
    return unsafe String(cString: name)
  }
}
