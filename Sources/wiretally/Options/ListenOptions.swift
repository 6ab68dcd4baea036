// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporting

/// The options of the listener, which serves metrics, health, a snapshot and the live page.
struct ListenOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Serve /metrics, /healthz, /api/v1/snapshot and a live page, e.g. on 127.0.0.1:9180. (default: off)",
      valueName: "address"))
  var listen: ListenAddress?

  @Option(
    name: .customLong("listen-sites"),
    help: ArgumentHelp("How many sites have metrics of their own, 1 to 500.", valueName: "n"))
  var sites = 50

  func validate() throws {
    if !(1...500).contains(sites) {
      throw ValidationError("--listen-sites must be 1 to 500, got \(sites)")
    }
  }
}

extension ListenAddress: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
