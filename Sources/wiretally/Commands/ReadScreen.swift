// SPDX-License-Identifier: Apache-2.0

import ExchangeStream
import History
import Reporting
import Statistics

/// The full screen of `read`: it fills while the files are read, and stays for the operator to walk through.
struct ReadScreen {
  let session: ScreenSession
  private let input: WatchInput

  /// Takes the terminal and the signals over; nil when no screen is asked for.
  ///
  /// - Parameter settings: those of the command's options.
  /// - Throws: why the terminal cannot draw one.
  init?(
    _ command: ReadCommand, _ settings: ReportSettings, label: CaptureLabel, stream: ExchangeReader?,
    history: any HistorySource
  ) throws {
    let options = command.options
    guard options.format == .screen, let stream else { return nil }
    let interruption = Interruption(handlesStops: true)
    // Of old traffic the last minute is no better than the ones before it.
    let session = try ScreenSession(
      command.screen, label: label, plan: settings.plan, window: options.window ?? .all,
      exchanges: LatestExchanges(stream, query: options.query, filter: settings.shown, keepsAll: true),
      history: history)
    // One thread reads and draws: it makes room by itself, and nothing is dropped.
    for writer in stream.writers { writer.whenFull = { [weak session] in session?.takeExchanges() } }
    self.session = session
    input = WatchInput(interruption: interruption, keys: session)
  }

  /// Obeys signals and keys, and waits for them for at most `milliseconds`; false when the end was asked for.
  func obey(_ reporter: Reporter, waiting milliseconds: Int32) -> Bool {
    for event in input.events(input.wait(milliseconds)) {
      if event == .end { return false }
      input.handle(event, reporter)
    }
    return true
  }

  /// Shows what was read until the operator has seen enough.
  func stay(_ reporter: Reporter, at end: UInt64) {
    reporter.tick(at: end)
    while obey(reporter, waiting: reporter.pace) { reporter.tick(at: end) }
  }
}
