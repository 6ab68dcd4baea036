// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CaptureWriting
import System

/// The options of `--write`: where what is read of HTTP is written as a capture file.
struct WriteOptions: ParsableArguments {
  @Option(
    name: .customLong("write"),
    help: ArgumentHelp(
      "Write the packets that are read to this pcapng file: heads, with cookies and credentials, and what else passes.",
      valueName: "file"),
    completion: .file())
  var path: String?

  @Option(
    name: .customLong("write-size"),
    help: ArgumentHelp(
      "Size of such a file in MiB, 1 to 65536; the next one then begins. (default: 100)",
      valueName: "mebibytes"))
  var askedMebibytes: Int?

  @Option(
    name: .customLong("write-files"),
    help: ArgumentHelp(
      "How many such files are kept, 1 to 1000; the oldest gives way. (default: 5)", valueName: "n"))
  var askedFiles: Int?

  @Option(
    name: .customLong("write-on-alert"),
    help: ArgumentHelp(
      "Write around alerts alone, a file for each: from this long before one is raised until it has recovered.",
      valueName: "time"))
  var span: TimeSpan?

  var mebibytes: Int { askedMebibytes ?? 100 }
  var files: Int { askedFiles ?? 5 }

  func validate() throws {
    if path == "" || path?.hasSuffix("/") == true || path == "-" {
      throw ValidationError("--write takes the path of a file", hint: "--write heads.pcapng")
    }
    if !(1...65_536).contains(mebibytes) {
      throw ValidationError("--write-size must be 1 to 65536 MiB, got \(mebibytes)")
    }
    if !(1...1_000).contains(files) {
      throw ValidationError("--write-files must be 1 to 1000, got \(files)")
    }
    if let span, !(1_000_000_000...600_000_000_000).contains(span.nanoseconds) {
      throw ValidationError("--write-on-alert must be 1s to 10m, got \(span)")
    }
  }

  /// Throws what would have no effect, or cannot be a file.
  ///
  /// - Parameter hasRules: whether an alert can be raised.
  func check(hasRules: Bool) throws {
    guard let path else {
      let idle = [
        span.map { ("--write-on-alert", "\($0)") }, askedMebibytes.map { ("--write-size", "\($0)") },
        askedFiles.map { ("--write-files", "\($0)") },
      ]
      guard let (name, value) = idle.compactMap({ $0 }).first else { return }
      throw ValidationError(
        "\(name) is about the files of --write", hint: "--write heads.pcapng \(name) \(value)")
    }
    if span != nil, !hasRules {
      throw ValidationError(
        "--write-on-alert needs a rule that raises an alert",
        hint: "-t 100, or --alert RULE; --write alone writes all packets")
    }
    if span == nil, LogFile.isFolder(path) {
      throw ValidationError(
        "--write takes the path of a file, and \(path) is a folder", hint: "--write \(path)/heads.pcapng")
    }
  }

  /// The files' names; nil when nothing is written.
  var names: CaptureNames? { path.map(CaptureNames.init) }
}
