// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A command that has run: its status and what it printed.
struct Ran: Sendable {
  var status: Int32
  var output: String
  var errors: String
}

/// Commands of the system, run to their end or for a while.
enum Shell {
  /// Runs a command line by /bin/sh, up to the first of its commands that fails: that fails the test, by an
  /// issue with the command, its exit status and its standard error.
  @discardableResult
  static func run(
    _ command: String, input: Data? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Ran {
    let ran = execute(["/bin/sh", "-ec", command], input)
    if ran.status != 0 {
      Issue.record(
        "set-up failed with \(ran.status): \(command)\n\(ran.errors)", sourceLocation: sourceLocation)
    }
    return ran
  }

  /// Runs a command line whose failure the caller looks at.
  static func attempt(_ command: String, input: Data? = nil) -> Ran {
    execute(["/bin/sh", "-c", command], input)
  }

  /// Runs a command line that may fail, for the reason given.
  static func run(_ command: String, mayFail reason: StaticString) { _ = attempt(command) }

  /// Runs a command to its end, for which it has five minutes.
  private static func execute(_ command: [String], _ input: Data?) -> Ran {
    let folder = Folder()
    let out = folder.file("out"), err = folder.file("err"), source = folder.file("in")
    _ = FileManager.default.createFile(atPath: source, contents: input ?? Data())
    // Nothing here takes a minute on a machine without other work; what hangs is ended and fails its test.
    let process = ChildProcess(
      ["timeout", "-k", "1", "300"] + command, input: .file(source), output: .file(out), errors: .file(err))
    process.wait(seconds: 330)
    return Ran(status: process.status ?? 127, output: read(out), errors: read(err))
  }

  /// Whether a command is installed. `make test` installs what Tests/packages lists, so as root all are.
  static func has(_ program: String) -> Bool { attempt("command -v \(program)").status == 0 }

  /// Waits until a file contains a text, for half a minute.
  static func waits(for text: String, in path: String) -> Bool {
    for _ in 0..<600 {
      if read(path).contains(text) { return true }
      usleep(50_000)
    }
    return false
  }

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
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      Issue.record("cannot make the folder \(path): \(error)")
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file; returns its path.
  @discardableResult
  func write(_ text: String, to name: String) -> String {
    let path = file(name)
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      Issue.record("cannot write \(path): \(error)")
    }
    return path
  }

  /// Makes a key and a certificate of shop.example that it signs itself, valid for two days: `key.pem` and
  /// `certificate.pem`, and both of them in `both.pem`.
  func makeCertificate() {
    Shell.run(
      """
      cd \(path) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
      -subj /CN=shop.example -days 2 -keyout key.pem -out certificate.pem && cat key.pem certificate.pem >both.pem
      """)
  }
}

/// What the machine lets tests do; a test that cannot run is skipped by name.
enum Machine {
  static let isRoot = geteuid() == 0
  static let hasNamespaces = isRoot && Shell.has("ip") && Shell.attempt("ip netns list").status == 0
  static let hasServers = hasNamespaces && Shell.has("nginx") && Shell.has("curl")
  static let hasTranslation = hasServers && Shell.has("nft")
  static let hasLoad = hasServers && Shell.has("wrk")
  static let hasFrameLoad = hasServers && Shell.has("h2load")

  /// The program under test: `WIRETALLY`, else what the package manager has built beside the tests.
  static let program: String = {
    if let path = ProcessInfo.processInfo.environment["WIRETALLY"] { return path }
    let tests = Bundle.main.executableURL ?? Bundle.main.bundleURL
    return tests.deletingLastPathComponent().appendingPathComponent("wiretally").path
  }()
}
