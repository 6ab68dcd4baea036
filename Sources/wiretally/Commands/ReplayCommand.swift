// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Capture
import History
import Reporting
import Statistics

/// `wiretally replay`: the intervals of a history, on the screen, as pages or as JSON.
struct ReplayCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case screen, page, json }

  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Show again what --history has kept.", usage: "wiretally replay [<options>] <history>",
    discussion: """
      The screen steps through it with [ and ]; pages and JSON have each interval and then the summary of them all. \
      What is damaged is passed over and reported, with exit status 65.
      """)

  @Argument(help: ArgumentHelp("The file of --history.", valueName: "history"), completion: .file())
  var file: String

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp(
      "What is shown: screen, page or json. (default: page; the screen on a terminal that can draw one)",
      valueName: "format"))
  var askedFormat: Format?

  @Option(
    help: ArgumentHelp(
      "Begin with the first interval that ends after this: '2026-11-29 14:00', with Z or an offset, or 2h before the end.",
      valueName: "time"))
  var from: Moment?

  @Option(help: ArgumentHelp("End with the last interval that begins before this.", valueName: "time"))
  var to: Moment?

  @Option(help: "How far back the tables of pages and of the screen go: 10s, 1m, 5m, 15m or all.")
  var window: StatisticsWindow?

  @Option(help: "How many sites are listed. (default: 5 on pages, all in JSON)")
  var top: Int?

  @OptionGroup(title: "Screen Options") var screen: ScreenOptions

  @Flag(
    name: .customLong("no-sandbox"),
    help: "Keep all capabilities, system calls and files while reading: for debugging.")
  var isUnsandboxed = false

  /// What is wrong with a time that begins after its end.
  static let reversed = ValidationError(
    "--from is later than --to", hint: "--from '2026-11-29 14:00' --to '2026-11-29 15:00'")

  func validate() throws {
    if let from, let to, from.isAfter(to) { throw Self.reversed }
    if let top, top < 1 { throw ValidationError("--top must be 1 or more, got \(top)") }
    if window?.length != nil, askedFormat == .json {
      throw ValidationError(
        "--window is about the tables of pages and of the screen", hint: "--format page --window 1m")
    }
  }

  func run() throws {
    var asked: ReportOptions.Format? = nil
    if let askedFormat { asked = ReportOptions.Format(rawValue: askedFormat.rawValue) }
    let format = try ScreenOptions.format(asked)
    try Failure.reporting {
      let session = try ReplaySession(self, format)
      session.sandbox()
      try session.run()
    }
  }
}
