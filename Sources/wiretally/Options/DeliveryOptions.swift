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
    for url in alertmanagers {
      try add(
        .alertmanager(url: url, instance: Environment.hostName, interface: interface), Self.postTimeout,
        Self.orders(sandbox))
    }
    return processes
  }

  /// The process that posts to the collector at `url`, started as `start` starts its own.
  static func collector(_ url: String, sandbox: SandboxOptions) throws(SystemError) -> DeliveryProcess {
    try DeliveryProcess.start(
      .collector(url: url), timeout: postTimeout, extra: orders(sandbox), arguments: ["wiretally", "deliver"])
  }

  /// What a process that only posts is to give up.
  private static func orders(_ sandbox: SandboxOptions?) -> DeliveryMessage {
    var orders = DeliveryMessage()
    guard let sandbox, !sandbox.isUnsandboxed else { return orders }
    orders["sandbox"] = "1"
    orders["user"] = sandbox.account?.name
    return orders
  }

  /// Nanoseconds that a post to an Alertmanager may take.
  private static let postTimeout: UInt64 = 10_000_000_000
}
