// SPDX-License-Identifier: Apache-2.0

import Alerting
import Backends
import Capture
import CaptureWriting
import Exchanges
import ExchangeStream
import Owners
import PcapCapture
import Reporting
import Sandbox
import Statistics
import System
import TLSCoverage

/// A watch of which everything is open that takes a privilege, and nothing runs yet.
///
/// The order is held by types: only `sandboxed` makes a `SandboxedWatch`, only that can be started, and a
/// `PreparedWatch` is used up by it. Threads inherit the sandbox, so all of them start after it.
struct PreparedWatch: ~Copyable {
  fileprivate let command: WatchCommand
  fileprivate let backend: any LiveBackend
  fileprivate let workers: WorkerPool
  fileprivate let reporter: Reporter
  fileprivate let input: WatchInput
  fileprivate let scout: PortScout?
  fileprivate let owners: OwnerTable?
  fileprivate let sides: SideChoice?
  fileprivate let notices: [String]
  fileprivate let labels: LabelClock
  fileprivate let start: UInt64
  private let places: [WritablePlace]

  /// Opens everything; throws what could not be opened, and why.
  init(_ command: WatchCommand) throws {
    try command.sandbox.check()
    Failure.prepareQueue()
    let settings = try ReportSettings(command.options)
    let alerts = settings.alerts
    if command.hasNoOwners { try alerts.checkOwners("--no-owners is given") }
    // Before anything is given up, and before anything is open that others should not have.
    let delivery = try command.deliveryProcesses()
    let collector = try command.collectorProcess()
    let backend = try Backends.open(command.request)
    backend.startLibraryHelper { AttachCommand.start($0, $1, command.sandbox) }
    guard let start = backend.sources.first?.now else {
      throw CaptureError(.unavailable, "the capture has no clock")
    }
    let sides = try SideChoice(command.side, ports: command.request.allPorts)
    let labels = LabelClock(wallOffset: SystemClock.wallOffset)
    let (owners, unknown) = Self.owners(command, backend)
    try alerts.checkOwners(unknown, isUnavailable: true)
    let coverage = Self.coverage(command, backend, owners)
    let label = Self.label(command, backend, settings)
    let limits = try command.options.limits(ExchangeLimits())
    let stream = Self.stream(command, backend, limits, labels)
    let outputs = try OutputPlan(
      command.options, settings, history: command.history, label: label, delivery: delivery, stream: stream,
      owners: owners, isLive: true, origin: command.origin, logOwner: command.sandbox.logOwner,
      colorsLines: command.screen.colorsLines)
    try TableMemory.check(limits.bytes * backend.sources.count)
    var budgets = StatisticsBudgets(pendingExchanges: limits.pendingRequests)
    budgets.countsKinds = command.listening.listen != nil || collector != nil
    let pinned = try PinnedSites(alerts.sites, seed: .random(in: .min ... .max), budgets: budgets)
    let recording = try Self.recording(command, backend, label, labels)
    let workers = try WorkerPool(
      backend.sources, stream: stream, owners: owners, filter: settings.segments, only: settings.counted,
      sides: sides, recordings: recording?.queues, coverage: coverage,
      sharedPorts: command.request.ports.common(with: coverage.ports), plan: settings.plan, start: start,
      pinned: pinned, sections: alerts.sections, budgets: budgets, limits: limits, depth: backend.depth)
    let live = try LiveOutputs(
      command, settings, label: label, stream: stream, owners: owners, backend: backend,
      collector: collector, start: start, history: outputs.past)
    let timeline = try Timeline(
      workers.tallies, plan: settings.plan, start: start, keepsRecent: live.keepsRecent,
      keepsWindows: command.options.keepsWindows || command.listening.listen != nil, pinned: pinned,
      wantsLatencies: alerts.needsLatencies, wantsDetails: outputs.keepsAll)
    timeline.setUp(for: alerts, owners: owners, coverage: coverage)
    reporter = Reporter(
      try outputs.outputs() + live.outputs + (recording.map { [$0] } ?? []), timeline: timeline,
      alerts: alerts, label: label, sites: command.options.sites, keepsAll: outputs.keepsAll,
      labels: labels, capture: { backend.counters })
    // Without it nothing is missing but a hint.
    scout = try? PortScout(
      interfaces: command.request.interfaces, besides: command.request.ports,
      only: settings.segments?.expression)
    (input, places) = (live.input, outputs.places)
    (self.command, self.backend, self.workers, self.start) = (command, backend, workers, start)
    (self.owners, self.labels, self.sides) = (owners, labels, sides)
    notices = unknown.map { ["processes are not known: \($0)"] } ?? []
  }

  /// What is watched, as every output names it.
  private static func label(
    _ command: WatchCommand, _ backend: any LiveBackend, _ settings: ReportSettings
  ) -> CaptureLabel {
    CaptureLabel(
      backend: backend.name, source: command.request.source,
      ports: command.ports(isTLSRead: backend.readsTLS), filter: settings.segments?.expression,
      only: command.options.countedCondition)
  }

  /// Single exchanges on their way from the workers to who shows them; nil when nobody does.
  private static func stream(
    _ command: WatchCommand, _ backend: any LiveBackend, _ limits: ExchangeLimits, _ labels: LabelClock
  ) -> ExchangeReader? {
    guard command.options.showsExchanges else { return nil }
    return ExchangeReader(
      workers: backend.sources.count, pendingExchanges: limits.pendingRequests, labels: labels)
  }

  /// What writes packets to files; nil when nothing is written.
  private static func recording(
    _ command: WatchCommand, _ backend: any LiveBackend, _ label: CaptureLabel, _ labels: LabelClock
  ) throws(CaptureError) -> RecordingOutput? {
    guard let names = command.write.names else { return nil }
    let plan = CaptureRecorder.Plan(
      names: names, size: UInt64(command.write.mebibytes) << 20, files: command.write.files,
      span: command.write.span?.nanoseconds, program: "wiretally \(Wiretally.version)",
      source: "\(label.source), port \(label.ports), by \(label.backend)", depth: backend.depth,
      owner: command.sandbox.logOwner)
    return try RecordingOutput(plan, sources: backend.sources, labels: labels)
  }

  /// What counts TLS connections, and why those that are not read are not.
  private static func coverage(
    _ command: WatchCommand, _ backend: any LiveBackend, _ owners: OwnerTable?
  ) -> TLSCoverage {
    let reading: CoverageConditions.Reading
    if let attachment = backend.tlsAttachment {
      reading = .libraries(attachment)
    } else if !command.readsTLS {
      reading = .off(option: "--tls")
    } else {
      reading = .unavailable(backend is PcapBackend ? .libpcap : .notAttachable(nil))
    }
    let process = owners.map { owners in
      { @Sendable local, remote, time in owners.processName(of: local, remote, at: time) }
    }
    return TLSCoverage(
      CoverageConditions(ports: command.helloPorts, reading: reading, process: process))
  }

  /// Who has which connection, and why nobody says that.
  private static func owners(
    _ command: WatchCommand, _ backend: any LiveBackend
  ) -> (table: OwnerTable?, unknown: String?) {
    if command.hasNoOwners { return (nil, nil) }
    do throws(CaptureError) {
      return (OwnerTable(try backend.openOwners()), nil)
    } catch {
      return (nil, error.message)
    }
  }

  /// Gives up what is not needed once all is open: before the workers start, so that they never have it.
  consuming func sandboxed() throws -> SandboxedWatch {
    var permissions: Permissions = [.capture]
    if input.hasKeys { permissions.insert(.terminal) }
    if command.listening.listen != nil { permissions.insert(.listen) }
    if command.readsTLS { permissions.insert(.leases) }
    if command.write.path != nil { permissions.insert(.recording) }
    if command.write.span != nil { permissions.insert(.removal) }
    if command.history.path != nil { permissions.insert(.storage) }
    try command.sandbox.sandbox(permissions, writing: places, recording: command.write.names)
    ProgramPages.release()
    ProgramHeap.trim()
    return SandboxedWatch(self)
  }
}

/// A watch that has given up its privileges, and of which nothing runs yet.
struct SandboxedWatch: ~Copyable {
  private let prepared: PreparedWatch

  fileprivate init(_ prepared: consuming PreparedWatch) { self.prepared = prepared }

  /// Starts the threads, the outputs' first, and reports that it works.
  consuming func started() throws -> RunningWatch {
    Failure.startQueue()
    let (reporter, backend, workers) = (prepared.reporter, prepared.backend, prepared.workers)
    try reporter.open()
    do throws(CaptureError) {
      try workers.start(backend)
    } catch {
      reporter.stop()
      reporter.close { true }
      throw error
    }
    let watch = RunningWatch(
      prepared.command, backend, workers, reporter, prepared.input, owners: prepared.owners,
      sides: prepared.sides, labels: prepared.labels, notices: prepared.notices,
      scout: prepared.scout, start: prepared.start)
    watch.announce()
    reporter.ready()
    return watch
  }
}
