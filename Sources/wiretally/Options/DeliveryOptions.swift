// SPDX-License-Identifier: Apache-2.0

import System
import ArgumentParser
import Sandbox
import AlertDelivery

/// The command that receives alerts.
struct DeliveryOptions: ParsableArguments {
  @Option(
    name: .customLong("on-alert"),
    help: ArgumentHelp(
      "A command that the shell runs for each alert raised or recovered, with its values in WIRETALLY_... and as JSON on standard input.",
      valueName: "command"))
  var command: String?

  @Option(name: .customLong("on-alert-timeout"), help: "How long that command may take.")
  var timeout = TimeSpan(seconds: 10)

  func validate() throws {
    if let command, command.allSatisfy(\.isWhitespace) {
      throw ValidationError("--on-alert needs a command")
    }
    if timeout.nanoseconds > 3_600_000_000_000 {
      throw ValidationError("--on-alert-timeout must be at most 1h, got \(timeout)")
    }
  }

  /// The process that runs the command, started; none without one. It is a process of its own, with what this one may
  /// do now: start it before it gives that up.
  func start() throws(SystemError) -> [DeliveryProcess] {
    guard let command else { return [] }
    return [
      try DeliveryProcess.start(
        .command(command), timeout: timeout.nanoseconds, arguments: ["wiretally", "deliver"])
    ]
  }
}
