// SPDX-License-Identifier: Apache-2.0

import System
import ArgumentParser
import Sandbox
import AlertDelivery

/// Who else receives alerts.
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

  /// The delivery processes that deliver, started. They are processes of their own, with what this one may do now:
  /// start them before it gives that up.
  func start(
    alertmanagers: [String] = [], interface: String = "all", sandbox: SandboxOptions? = nil
  ) throws(SystemError) -> [DeliveryProcess] {
    var processes: [DeliveryProcess] = []
    func add(_ means: DeliveryProcess.Means, _ timeout: UInt64, _ extra: DeliveryMessage)
      throws(SystemError)
    {
      processes.append(
        try DeliveryProcess.start(means, timeout: timeout, extra: extra, arguments: ["wiretally", "deliver"]))
    }
    if let command { try add(.command(command), timeout.nanoseconds, DeliveryMessage()) }
    var extra = DeliveryMessage()
    if let sandbox, !sandbox.isUnsandboxed {
      extra["sandbox"] = "1"
      extra["user"] = sandbox.account?.name
    }
    for url in alertmanagers {
      try add(
        .alertmanager(url: url, instance: Environment.hostName, interface: interface), Self.postTimeout, extra
      )
    }
    return processes
  }

  /// Nanoseconds that a post to an Alertmanager may take.
  private static let postTimeout: UInt64 = 10_000_000_000
}
