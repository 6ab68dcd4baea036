// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import Alerting
import ArgumentParser
import Capture
import Exchanges
import ExchangeStream
import PcapCapture
import Reporting
import Sandbox
import Statistics
import System
import TLSCoverage

/// The reading of capture files from the first to the summary: one thread reads, counts and drives the outputs.
struct ReadSession {
  private let command: ReadCommand
  private let source: FileSource
  private let tls: TLSReading?
  private let worker: TrafficWorker
  private let reporter: Reporter
  private let progress: ReadProgress
  private let screen: ReadScreen?
  private let places: [WritablePlace]
  private let recordingLimits: ExchangeLimits

  /// Opens what reading takes, except for the files.
  ///
  /// - Throws: what is wrong with the options, or what cannot be opened, and why.
  init(_ command: ReadCommand) throws {
    let options = command.options
    let settings = try ReportSettings(options)
    let alerts = settings.alerts
    try alerts.checkOwners("files have no processes")
    let label = Self.label(command, settings)
    let source = FileSource(
      paths: command.files, ports: Self.ports(command), helloPorts: TLSReading.ports(command) ?? .https)
    let tls = try TLSReading(command, source, plainPorts: options.ports.ports)
    let coverage =
      tls?.coverage ?? TLSCoverage(CoverageConditions(ports: .https, reading: .off(option: "--keylog")))
    let delivery = try AlertSenders(waits: true) { () throws(SystemError) in
      try options.alerts.delivery.start()
    }
    let limits = try options.limits(.file)
    // What a watch counted it counted within a watch's limits.
    recordingLimits = try options.limits(ExchangeLimits())
    try TableMemory.check(limits.bytes)
    let stream =
      options.showsExchanges ? ExchangeReader(workers: 1, pendingExchanges: limits.pendingRequests) : nil
    let outputs = try OutputPlan(
      options, settings, history: command.history, label: label, delivery: delivery, stream: stream,
      isLive: false, colorsLines: command.screen.colorsLines)
    var budgets = StatisticsBudgets(pendingExchanges: limits.pendingRequests)
    budgets.countsKinds = false
    let tally = try TallyExchange(budgets: budgets)
    // One seed for all files: the same file gives the same bytes.
    let pinned = try PinnedSites(alerts.sites, seed: 0x5eed, budgets: budgets)
    worker = TrafficWorker(
      tls?.source ?? source,
      try TallyWriter(tally, plan: settings.plan, pinned: pinned, watchedSections: alerts.sections),
      stream: stream?.writers[0], filter: settings.segments,
      choice: try settings.counted.map { try RequestChoice($0, pendingExchanges: limits.pendingRequests) },
      coverage: coverage,
      sharedPorts: tls == nil ? PortSet.https.common(with: options.ports.ports) : nil,
      limits: limits, depth: .streams, seed: pinned.seed)
    let timeline = try Timeline(
      [tally], plan: settings.plan, keepsWindows: options.keepsWindows, pinned: pinned,
      wantsLatencies: alerts.needsLatencies, wantsDetails: outputs.keepsAll)
    timeline.setUp(for: alerts, coverage: coverage)
    let isPage = if case .pages = options.form { true } else { false }
    progress = ReadProgress(isShown: isPage || !StandardDescriptors.isTerminal(1))
    let screen = try ReadScreen(command, settings, label: label, stream: stream, history: outputs.past)
    reporter = Reporter(
      try outputs.outputs() + (screen.map { [$0.session] } ?? []), timeline: timeline, alerts: alerts,
      label: label, sites: options.sites, keepsAll: outputs.keepsAll,
      capture: { tls?.counters ?? source.counters })
    places = outputs.places
    (self.command, self.source, self.tls, self.screen) = (command, source, tls, screen)
  }

  /// The ports whose segments are read: those of HTTP, and those of TLS where it is decrypted.
  private static func ports(_ command: ReadCommand) -> PortSet {
    let plain = command.options.ports.ports
    return TLSReading.ports(command).map(plain.union) ?? plain
  }

  /// What is read, as every output names it.
  private static func label(_ command: ReadCommand, _ settings: ReportSettings) -> CaptureLabel {
    let names = command.files.map { $0 == "-" ? "standard input" : $0 }
    return CaptureLabel(
      backend: "file", source: names.joined(separator: ", "), ports: ports(command).description,
      filter: settings.segments?.expression, only: command.options.countedCondition)
  }

  /// Gives up, before a byte of the files is looked at, what reading them does not take. They are opened one
  /// after the other, later on: so it stays who it is.
  func sandbox() {
    defer { ProgramPages.release() }
    if command.isUnsandboxed { return }
    var policy = Sandbox.Policy()
    policy.keepsFileRights = true
    if screen != nil { policy.permissions = [.terminal] }
    if command.history.path != nil { policy.permissions.insert(.storage) }
    policy.readable = command.files.filter { $0 != "-" }
    policy.writable += places.map(\.allowed)
    // The policy asks for no user, so this does not throw.
    SandboxOptions.report(failures: (try? Sandbox.apply(policy).failures) ?? [])
  }

  /// Reads the files and shows what is in them; throws the exit status of the last fault, after the summary.
  func run() throws {
    try reporter.open()
    let faults = readAll()
    progress.clear()
    worker.finish()
    reporter.finish(at: nil)
    screen?.stay(reporter, at: reporter.timeline.reached ?? 0)
    reporter.stop()
    reporter.summarize(isSilentWhenEmpty: !faults.isEmpty)
    reporter.close { false }
    for notice in source.notices + (tls?.notices ?? []) { Failure.say(notice) }
    let others = PortChoice.named(source.portsWithRequests)
    if !others.isEmpty {
      Failure.say(PortChoice.sentence(others, instead: command.options.ports.description), .warning)
    }
    if source.unreadable > 0 {
      Failure.say("\(source.unreadable) packets have a link layer that cannot be read; they were left out")
    }
    if source.absurdTimestamps > 0 {
      Failure.say(
        "packets stamped hours away from those around them: \(source.absurdTimestamps); "
          + "they were read at the time of the packet before them")
    }
    var status = ExitCode.success
    for fault in faults { status = Failure.end(fault) }
    if status != .success { throw status }
  }

  /// Reads until the files, or the reader of the output, have ended; returns the faults of the files.
  private func readAll() -> [CaptureError] {
    var faults: [CaptureError] = []
    do throws(CaptureError) {
      if let depth = try source.recordedDepth() {
        worker.begin(limits: recordingLimits, depth: depth)
      }
    } catch {
      faults.append(error)
    }
    while reporter.hasReader {
      do throws(CaptureError) {
        if try worker.step(timeout: 0, atTick: showIntervals) == .ended { break }
      } catch {
        faults.append(error)
        source.abandonFile()
      }
      reporter.tick(at: screen == nil ? 0 : reporter.timeline.reached ?? 0)
      if screen?.obey(reporter, waiting: 0) == false { break }
      progress.show(source.progress)
    }
    return faults
  }

  private func showIntervals() {
    // The outputs print: the line of progress makes room first.
    reporter.showIntervals { progress.clear() }
  }
}
