// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `wiretally watch`, the default: live traffic.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Watch live traffic (the default).")
}
