// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import System

/// The options of the history, in which intervals are kept.
struct HistoryOptions: ParsableArguments {
  @Option(
    name: .customLong("history"),
    help: ArgumentHelp("Keep every interval in this file, for wiretally replay.", valueName: "file"),
    completion: .file())
  var path: String?

  @Option(
    name: .customLong("history-size"),
    help: ArgumentHelp(
      "MiB of the history at most, in two files that take turns. (default: 256)", valueName: "mib"))
  var askedMebibytes: Int?

  var mebibytes: Int { askedMebibytes ?? 256 }

  func validate() throws {
    if path == "" || path?.hasSuffix("/") == true || path == "-" {
      throw ValidationError(
        "--history takes the path of a file", hint: "--history /var/lib/wiretally/history")
    }
    if mebibytes < 1 || mebibytes > 65_536 {
      throw ValidationError("--history-size must be 1 to 65536 MiB, got \(mebibytes)")
    }
  }

  /// Throws what would have no effect, or cannot be a file.
  func check() throws {
    if askedMebibytes != nil, path == nil {
      throw ValidationError(
        "--history-size is about the file of --history",
        hint: "--history /var/lib/wiretally/history --history-size \(mebibytes)")
    }
    if let path, LogFile.isFolder(path) {
      throw ValidationError(
        "--history takes the path of a file, and \(path) is a folder", hint: "--history \(path)/history")
    }
  }
}
