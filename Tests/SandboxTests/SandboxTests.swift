// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

@testable import Sandbox

/// A process of its own sandboxes itself and tries what is forbidden.
@Suite(.enabled(if: geteuid() == 0, "giving up privileges takes having them"))
struct SandboxTests {
  /// What the probe got, by the name of what it tried.
  static func probe(_ arguments: String...) throws -> (faults: [String: Int32], words: [String]) {
    let folder = NSTemporaryDirectory() + "wiretally-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(
      atPath: folder + "/log", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
    // Whatever the mask is.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder + "/log")
    for name in ["outside", "log/there"] {
      _ = FileManager.default.createFile(
        atPath: folder + "/" + name, contents: Data("text".utf8), attributes: [.posixPermissions: 0o644])
    }
    let tests = Bundle.main.executableURL ?? Bundle.main.bundleURL
    let probe = tests.deletingLastPathComponent().appendingPathComponent("wiretally-sandbox-probe")
    let process = ChildProcess([probe.path, folder] + arguments, output: .file(folder + "/printed"))
    #expect(process.wait(seconds: 60))
    #expect(process.status == 0)
    let text = try String(contentsOfFile: folder + "/printed", encoding: .utf8)
    var faults: [String: Int32] = [:]
    var words: [String] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
      if let number = Int32(parts[0]) { faults[parts[1]] = number } else { words.append(String(line)) }
    }
    return (faults, words)
  }

  static let forbidden = [
    "open a packet socket", "open a network socket", "open a local socket", "make a BPF map",
    "start a program", "send by the packet socket", "duplicate a descriptor", "give the packet socket a ring",
    "become root", "become another group", "signal another process", "read the shadow passwords",
    "make a file outside", "remove a file", "change a mode", "map memory as code", "type into the terminal",
  ]
  static let allowed = [
    "read the list of users", "make a file beside the log", "start a thread", "name a thread",
    "allocate memory",
  ]

  @Test(arguments: [[], ["root"]])
  func `what is not needed is refused, and the rest continues`(arguments: [String]) throws {
    let (faults, words) = try Self.probe(arguments.first ?? "nobody")
    for name in Self.forbidden {
      #expect(faults[name] == EPERM || faults[name] == EACCES, "\(name): \(String(describing: faults[name]))")
    }
    for name in Self.allowed { #expect(faults[name] == 0, "\(name): \(String(describing: faults[name]))") }
    if Sandbox.landlockVersion != nil {
      #expect(faults["read a file of everybody's outside"] == EACCES)
      #expect(words.contains("applied file access restricted (Landlock)"))
    }
    #expect(words.contains("applied capabilities dropped"))
    #expect(words.contains("user nobody") == arguments.isEmpty)
    #expect(!words.contains { $0.hasPrefix("failed") }, "\(words)")
  }

  /// The helper process reads files of all users, since a program's may be one's own; and does less than a watch otherwise.
  @Test func `who attaches keeps the capabilities for that, reads files and does nothing besides`() throws {
    let (faults, words) = try Self.probe("attach")
    let readable = [
      "read the shadow passwords", "read a file of everybody's outside", "read the list of users",
    ]
    let refused =
      Self.forbidden.filter { !readable.contains($0) } + ["start a thread", "make a file beside the log"]
    for name in refused {
      #expect(faults[name] == EPERM || faults[name] == EACCES, "\(name): \(String(describing: faults[name]))")
    }
    for name in readable + ["allocate memory"] {
      #expect(faults[name] == 0, "\(name): \(String(describing: faults[name]))")
    }
    #expect(
      words.contains("user nobody") && words.contains("applied capabilities dropped except those for probes"))
    #expect(!words.contains { $0.contains("Landlock") || $0.hasPrefix("failed") }, "\(words)")
  }

  /// It only closes what it was given.
  @Test func `who holds probes keeps no capability, opens no file and does nothing besides`() throws {
    let (faults, words) = try Self.probe("hold")
    for name in Self.forbidden + Self.allowed where name != "allocate memory" {
      #expect(faults[name] == EPERM || faults[name] == EACCES, "\(name): \(String(describing: faults[name]))")
    }
    #expect(faults["allocate memory"] == 0)
    #expect(words.contains("user nobody") && words.contains("applied capabilities dropped"))
    #expect(!words.contains { $0.hasPrefix("failed") }, "\(words)")
  }

  /// Else the tests above would prove nothing.
  @Test func `without sandbox root may do all of it`() throws {
    let (faults, _) = try Self.probe("free")
    for name in Self.forbidden where name != "type into the terminal" {
      #expect(faults[name] == 0, "\(name): \(String(describing: faults[name]))")
    }
  }

  @Test func `the documents have the number of system calls that are left`() throws {
    func count(_ permissions: Permissions) -> Int {
      Set(SystemCalls.needed(permissions).map(\.name)).subtracting(SystemCalls.sanitiser).count
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    for document in ["docs/security.md", "docs/reliability.md"] {
      let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
      let numbers = "\(count([.capture])), \(count([.capture, .terminal])) with a screen"
      #expect(text.contains(numbers), "\(document): \(numbers)")
    }
  }

  @Test func `users are found by name and by number`() throws {
    #expect(Account(named: "root") != nil)
    #expect(Account(named: "root")?.user == 0)
    #expect(Account(named: "nobody")?.user == Account.nobody.user)
    #expect(Account(named: "4711")?.group == 4711)
    for name in ["", "no such user", "-1", "4294967295"] { #expect(Account(named: name) == nil, "\(name)") }
  }
}
