// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sandbox
import AlertDelivery
import Glibc

/// `wiretally deliver`: what the program starts itself as, to deliver alerts from a process of its own.
struct DeliverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliver", abstract: "Deliver alerts; started by wiretally itself.", shouldDisplay: false)

  func run() throws {
    var status = stat()
    // The call fills a local value.
    guard unsafe fstat(0, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
      Failure.say(
        "deliver is started by wiretally itself, and does nothing alone",
        hint: "wiretally -t 100 --on-alert COMMAND",
        .error)
      throw ExitCode(64)
    }
    // What the program was started with besides, somebody may be waiting for the end of: a delivery process, or a
    // command that it left behind, must not hold it open.
    for descriptor: Int32 in 3..<1024 { close(descriptor) }
    DeliveryWorker.run(DeliverySocket(0), prepare: Self.sandbox)
  }

  /// One that only posts gives up what the watch does, but for connections. One that runs the operator's
  /// command stays the user who started the program, since that is whose command it is; capabilities of
  /// the program's file or service are not for it.
  private static func sandbox(_ orders: DeliveryMessage) {
    if orders["command"] != nil {
      if geteuid() != 0 { Sandbox.dropCapabilities() }
      return
    }
    guard orders["sandbox"] != nil else { return }
    var policy = Sandbox.Policy()
    policy.permissions = [.connect]
    policy.account = orders["user"].flatMap(Account.init(named:))
    // What could not be given up changes nothing here; nobody would read it.
    _ = try? Sandbox.apply(policy)
  }
}
