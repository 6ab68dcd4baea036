// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Where intervals are kept.
struct HistoryOptions: ParsableArguments {
  @Option(
    name: .customLong("history"),
    help: ArgumentHelp("Keep every interval in this file, for wiretally replay.", valueName: "file"),
    completion: .file())
  var path: String?

  @Option(
    name: .customLong("history-size"),
    help: ArgumentHelp("MiB of the history at most, in two files that take turns.", valueName: "mib"))
  var mebibytes = 256

  func validate() throws {
    if mebibytes < 1 || mebibytes > 65_536 {
      throw ValidationError("--history-size must be 1 to 65536 MiB, got \(mebibytes)")
    }
  }
}
