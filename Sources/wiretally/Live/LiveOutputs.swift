// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import Capture
import ExchangeStream
import History
import Owners
import Reporting
import Statistics

/// The outputs that only a live watch has, with its signals and keys: the full screen, metrics, the service manager.
struct LiveOutputs {
  let outputs: [any Output]
  let input: WatchInput
  /// Whether an output needs the steps of each site (`Timeline.takeRecent`).
  let keepsRecent: Bool

  /// Opens their sockets and the terminal, and takes the signals over.
  ///
  /// - Parameters:
  ///   - settings: those of the command's options.
  ///   - start: the beginning of the timeline, nanoseconds since 1970.
  ///   - history: the intervals that the screen can look back to.
  /// - Throws: what cannot be opened, and why.
  init(
    _ command: WatchCommand, _ settings: ReportSettings, label: CaptureLabel, stream: ExchangeReader?,
    owners: OwnerTable?, backend: any LiveBackend, collector: DeliveryProcess?, start: UInt64,
    history: any HistorySource
  ) throws {
    let state = StateOutput(sites: command.listening.sites, label: label, backend: backend, started: start)
    let exporter = try Exporter(command.listening, ports: command.options.ports.ports, state.board)
    let isScreen = command.options.format == .screen
    let interruption = Interruption(handlesStops: isScreen)
    // Before files can no longer be opened: the terminal's description is one.
    let screen =
      try isScreen
      ? stream.map {
        try ScreenSession(
          command.screen, label: label, plan: settings.plan, window: command.options.window,
          exchanges: LatestExchanges(
            $0, query: command.options.query, filter: settings.shown, owners: owners),
          history: history)
      } : nil
    input = WatchInput(interruption: interruption, keys: screen ?? Keyboard())
    keepsRecent = exporter != nil || collector != nil
    // The manager first: nothing drawn or published delays a sign of life. The listener last: it is closed last.
    var outputs: [any Output] = [ServiceManager()]
    if let screen { outputs.append(screen) }
    if keepsRecent { outputs.append(state) }
    if let collector { outputs.append(CollectorOutput(collector, state.board)) }
    if let exporter { outputs.append(exporter) }
    self.outputs = outputs
  }
}
