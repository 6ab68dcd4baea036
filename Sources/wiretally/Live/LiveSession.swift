// SPDX-License-Identifier: Apache-2.0

/// A live watch from its start to its summary, in the only order that its types allow:
/// everything is opened, privileges are given up, threads start, the outputs are driven, all is given back.
struct LiveSession {
  private let command: WatchCommand

  init(_ command: WatchCommand) { self.command = command }

  func run() throws {
    let watch = try PreparedWatch(command).sandboxed().started()
    watch.loop()
    try watch.finish()
  }
}
