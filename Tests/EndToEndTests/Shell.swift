// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation

/// A command that has run: its status and what it printed.
struct Ran: Sendable {
  var status: Int32
  var output: String
  var errors: String
}

/// Commands of the system, run to their end or for a while.
enum Shell {
  /// Runs a command line by /bin/sh.
  @discardableResult
  static func run(_ command: String, input: Data? = nil) -> Ran {
    let folder = Folder()
    let out = folder.file("out"), err = folder.file("err"), source = folder.file("in")
    _ = FileManager.default.createFile(atPath: source, contents: input ?? Data())
    // Nothing here takes a minute; what hangs is ended and fails its test.
    let process = ChildProcess(
      ["timeout", "-k", "1", "60", "/bin/sh", "-c", command], input: .file(source), output: .file(out),
      errors: .file(err))
    process.wait(seconds: 90)
    return Ran(status: process.status ?? 127, output: read(out), errors: read(err))
  }

  static func has(_ program: String) -> Bool { run("command -v \(program)").status == 0 }

  static func read(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }
}

/// A folder for one test, gone with it.
final class Folder: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "wiretally-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
}

/// What the machine lets tests do; a test that cannot run is skipped by name.
enum Machine {
  static let isRoot = geteuid() == 0
  static let hasNamespaces = isRoot && Shell.has("ip") && Shell.run("ip netns list").status == 0
  static let hasServers = hasNamespaces && Shell.has("nginx") && Shell.has("curl")
  static let hasTranslation = hasServers && Shell.has("nft")
  static let hasLoad = hasServers && Shell.has("wrk")

  /// The program under test: `WIRETALLY`, else what the package manager has built beside the tests.
  static let program: String = {
    if let path = ProcessInfo.processInfo.environment["WIRETALLY"] { return path }
    let tests = Bundle.main.executableURL ?? Bundle.main.bundleURL
    return tests.deletingLastPathComponent().appendingPathComponent("wiretally").path
  }()
}
