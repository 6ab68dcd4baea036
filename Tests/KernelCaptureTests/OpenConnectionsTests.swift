// SPDX-License-Identifier: Apache-2.0
import Capture
import COwnerFilter
import Foundation
import Testing

@testable import KernelCapture

/// Who has which connection open, from a tree made as /proc is.
struct OpenConnectionsTests {
  /// A tree of processes, gone with this.
  private final class Tree {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(
      "wiretally-proc-\(UUID().uuidString)")

    /// A process with files, in a network namespace whose sockets are those of `tcp` and `tcp6`.
    func add(
      _ process: Int, _ name: String, group: String, sockets: [Int], network: Int = 42, tcp: String = "",
      tcp6: String = ""
    ) throws {
      let files = FileManager.default, folder = root.appendingPathComponent("\(process)")
      for name in ["ns", "fd", "net"] {
        try files.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
      }
      func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
      }
      func link(_ name: String, _ target: String) throws {
        try files.createSymbolicLink(
          atPath: folder.appendingPathComponent(name).path, withDestinationPath: target)
      }
      try write("comm", name + "\n")
      let zeros = Array(repeating: "0", count: 18).joined(separator: " ")
      try write("stat", "\(process) (\(name)) S \(zeros) \(process * 10) 1 2\n")
      try write("cgroup", group)
      try write("net/tcp", "  sl  local_address rem_address   st\n" + tcp)
      try write("net/tcp6", "  sl  local_address rem_address   st\n" + tcp6)
      try link("ns/net", "net:[\(network)]")
      try link("fd/0", "/dev/null")
      for (place, inode) in sockets.enumerated() { try link("fd/\(place + 3)", "socket:[\(inode)]") }
    }

    /// The namespace that its reader is in.
    func setNamespace(_ kind: String, _ number: UInt32) throws {
      let folder = root.appendingPathComponent("self/ns")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let link = folder.appendingPathComponent(kind)
      try? FileManager.default.removeItem(at: link)
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: "\(kind):[\(number)]")
    }

    /// What is read of it: a line a record.
    func lines(_ ports: String = "80") throws -> [String] {
      let bytes = OpenConnections(ports: try #require(PortSet(parsing: ports)), root: root.path).records
      var lines: [String] = []
      var offset = 0
      func number(_ start: Int, _ count: Int) -> UInt64 {
        let part = bytes[offset + start..<offset + start + count]
        return (UInt16(1).littleEndian == 1 ? Array(part.reversed()) : Array(part)).reduce(0) {
          $0 << 8 | UInt64($1)
        }
      }
      func text(_ start: Int) -> String {
        String(decoding: bytes[(offset + start)...].prefix { $0 != 0 }, as: UTF8.self)
      }
      func hex(_ start: Int) -> String {
        bytes[offset + start..<offset + start + 16].map { String(format: "%02x", $0) }.joined()
      }
      var groups: [UInt64: String] = [:]
      while offset < bytes.count {
        if bytes[offset] == UInt8(OWNER_CGROUP) {
          groups[number(8, 8)] = (0..<Int(bytes[offset + 1])).map { text(16 + $0 * 128) }.joined(
            separator: "<")
          offset += MemoryLayout<owner_cgroup>.size
        } else {
          #expect(bytes[offset] == UInt8(OWNER_LISTED))
          let group = number(24, 8) == 0 ? "-" : groups[number(24, 8)] ?? "?"
          lines.append(
            "\(number(4, 4)) \(number(16, 8)) \(text(72)) \(group) \(hex(32)):\(number(64, 2)) \(hex(48)):\(number(66, 2)) "
              + "\(number(68, 4))")
          offset += MemoryLayout<owner_connection>.size
        }
      }
      #expect(offset == bytes.count)
      return lines
    }

    deinit { try? FileManager.default.removeItem(at: root) }
  }

  /// A line of /proc/net/tcp, whose words are in the machine's order: these tests' are of little-endian machines.
  private static func line(_ local: String, _ remote: String, _ state: String, _ inode: Int) -> String {
    "   0: \(local) \(remote) \(state) 00000000:00000000 00:00000000 00000000     0        0 \(inode) 1 0000000000000000\n"
  }

  private static let mapped = "00000000000000000000ffff"

  @Test(.enabled(if: UInt16(1).littleEndian == 1))
  func `processes are named with their groups, of all versions, and sockets of several are nobody's`() throws
  {
    let tree = Tree()
    let table = [
      Self.line("0100000A:0050", "0200000A:9C40", "01", 100),
      Self.line("0100000A:0050", "0200000A:9C41", "08", 101),
      Self.line("0200000A:9C42", "0300000A:0050", "01", 102),
      Self.line("0100000A:0050", "0200000A:9C43", "01", 103),
      // It listens, is another port's, waits for its end, belongs to nobody any more.
      Self.line("00000000:0050", "00000000:0000", "0A", 104),
      Self.line("0100000A:0051", "0200000A:9C44", "01", 105),
      Self.line("0100000A:0050", "0200000A:9C45", "06", 106),
      Self.line("0100000A:0050", "0200000A:9C46", "01", 107),
      "no line\n",
    ].joined()
    try tree.add(
      7, "nginx", group: "0::/system.slice/nginx.service\n", sockets: [100, 104, 105, 106, 103], tcp: table)
    try tree.add(8, "a) b (c", group: "5:pids:/p\n4:cpu,memory:/docker/x\n0::/\n", sockets: [101])
    try tree.add(9, "curl", group: "8:pids:/old\n1:name=systemd:/\n", sockets: [102])
    try tree.add(10, "worker", group: "0::/\n", sockets: [103])
    #expect(
      try tree.lines() == [
        "7 700000000 nginx nginx.service<system.slice \(Self.mapped)0a000001:80 \(Self.mapped)0a000002:40000 42",
        "8 800000000 a) b (c x<docker \(Self.mapped)0a000001:80 \(Self.mapped)0a000002:40001 42",
        "9 900000000 curl old \(Self.mapped)0a000002:40002 \(Self.mapped)0a000003:80 42",
        "0 0  - \(Self.mapped)0a000001:80 \(Self.mapped)0a000002:40003 42",
      ])
    #expect(try tree.lines("8080").isEmpty)
  }

  @Test(.enabled(if: UInt16(1).littleEndian == 1))
  func `each network namespace is read once, and addresses of IPv6 are as on the wire`() throws {
    let tree = Tree()
    let here = Self.line(
      "B80D0120000000000000000001000000:1F90", "B80D0120000000000000000002000000:C001", "01", 100)
    try tree.add(7, "one", group: "", sockets: [100], tcp6: here)
    // The same namespace: what it says is not read again.
    try tree.add(8, "two", group: "", sockets: [101], tcp6: Self.line("01:1F90", "x:y", "01", 101))
    try tree.add(
      9, "a-name-of-more-than-fifteen", group: "0::/\(String(repeating: "n", count: 300))/1/2/3/4/5/6/7/8\n",
      sockets: [102],
      network: 43, tcp: Self.line("0100007F:1F90", "0100007F:C002", "01", 102))
    let deep = (2...8).reversed().map(String.init).joined(separator: "<") + "<1"
    #expect(
      try tree.lines("8080") == [
        "7 700000000 one - 20010db8000000000000000000000001:8080 20010db8000000000000000000000002:49153 42",
        "9 900000000 a-name-of-more- \(deep) \(Self.mapped)7f000001:8080 \(Self.mapped)7f000001:49154 43",
      ])
  }

  @Test(.enabled(if: UInt16(1).littleEndian == 1))
  func `in a namespace of processes or of times nobody is named, since the kernel has other numbers`() throws
  {
    let tree = Tree()
    let table = Self.line("0100000A:0050", "0200000A:9C40", "01", 100)
    try tree.add(7, "nginx", group: "", sockets: [100], tcp: table)
    func named() throws -> [String] { try tree.lines().map { String($0.prefix { $0 != " " }) } }
    #expect(try named() == ["7"])
    try tree.setNamespace("pid", 4_026_531_836)
    try tree.setNamespace("time", 4_026_531_834)
    #expect(try named() == ["7"])
    try tree.setNamespace("time", 4_026_532_001)
    #expect(try named() == ["0"])
    try tree.setNamespace("time", 4_026_531_834)
    try tree.setNamespace("pid", 4_026_532_002)
    #expect(try named() == ["0"])
  }

  @Test func `where nothing can be read nothing is known`() throws {
    let tree = Tree()
    #expect(try tree.lines().isEmpty)
  }
}
