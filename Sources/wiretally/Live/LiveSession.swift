// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import Sandbox
import AlertDelivery
import Exchanges
import ExchangeStream
import Glibc
import PcapCapture
import Reporting
import System
import Statistics

/// A live watch from its start to its summary: workers count, this thread reports.
struct LiveSession {
  /// Milliseconds between two looks at what the workers have handed over.
  private static let pace: Int32 = 100
  /// The same while exchanges are followed: how late a line may be.
  private static let followingPace: Int32 = 20

  private let command: WatchCommand

  init(_ command: WatchCommand) { self.command = command }

  func run() throws {
    try command.sandbox.check()
    let plan = try IntervalPlan(interval: command.options.interval.nanoseconds)
    let alerts = try command.options.alerts.board(plan)
    // Before anything is given up, and before anything is open that others should not have.
    let delivery = AlertSenders(try deliveryProcesses())
    let backend = try open()
    let label = CaptureLabel(
      backend: backend.name, source: command.request.interface ?? "all interfaces",
      ports: command.options.ports.description)
    let sources = backend.sources
    let limits = ExchangeLimits()
    let follower = command.options.exchangeFormat.map {
      Follower($0, workers: sources.count, limits: limits)
    }
    let report = try Report(
      command.options, alerts: alerts, label: label, delivery: delivery, isLive: true,
      logOwner: command.sandbox.logOwner, follower: follower)
    let notices = LiveNotices(backend, interface: command.request.interface)
    report.notices = notices.lines
    guard let clock = sources.first, let start = clock.now else { return }
    try AddressSpace.check(limits.bytes * sources.count)
    let isScreen = command.options.format == .screen
    let stream =
      follower?.stream
      ?? (isScreen ? ExchangeReader(workers: sources.count, pendingExchanges: limits.pendingRequests) : nil)
    var tallyExchanges: [TallyExchange] = []
    var threads: [WorkerThread] = []
    let budgets = StatisticsBudgets(pendingExchanges: limits.pendingRequests)
    let pinned = try PinnedSites(alerts.sites, seed: .random(in: .min ... .max), budgets: budgets)
    for (index, source) in sources.enumerated() {
      let tallyExchange = try TallyExchange(budgets: budgets)
      let writer = try TallyWriter(tallyExchange, plan: plan, start: start, pinned: pinned)
      tallyExchanges.append(tallyExchange)
      threads.append(
        WorkerThread(
          TrafficWorker(
            source, writer, stream: stream?.writers[index], limits: limits, depth: command.depth,
            seed: pinned.seed)))
    }
    let exporter = try Exporter(command.listening, label: label, started: start)
    let timeline = try Timeline(
      tallyExchanges, plan: plan, start: start, keepsRecent: exporter != nil, pinned: pinned,
      wantsLatencies: alerts.needsLatencies)
    let interruption = Interruption(handlesStops: isScreen)
    let keyboard = isScreen ? nil : Keyboard()
    defer { keyboard?.restore() }
    // Before files can no longer be opened: the terminal's description is one.
    let screen =
      try isScreen
      ? stream.map { try ScreenSession(command.screen, label: label, plan: plan, stream: $0) } : nil
    defer { screen?.close() }
    // Connected before that is forbidden.
    var service = ServiceManager()
    let hasKeys = screen != nil || keyboard?.descriptor != nil
    try sandbox(hasKeys: hasKeys, listens: exporter != nil, report)
    // Its thread has what is left, as the workers have.
    try exporter?.start()
    defer { exporter?.stop() }
    let running = try launch(threads, of: backend)
    announce(label, backend, hasKeys: hasKeys)
    for line in exporter?.announcements(command.options.ports.ports) ?? [] { Failure.say(line) }
    service.tell("READY=1\nSTATUS=watching \(label.source), port \(label.ports), by \(label.backend)")
    defer { delivery.finish { interruption.next() == .end } }
    defer {
      // On the terminal as it was before.
      screen?.close()
      report.summary(timeline.summary(capture: backend.counters, top: report.sites))
    }
    let end = command.duration.map { start &+ $0.nanoseconds } ?? .max
    while report.hasReader, !isEnded(interruption, keyboard, screen, report),
      !running.contains(where: \.hasEndedEarly)
    {
      let now = clock.now ?? start
      report.followDelivery()
      if notices.follow(at: now) { report.notices = notices.lines }
      show(timeline, now, backend, report, screen)
      service.live(now, state: report.state)
      screen?.show(timeline, backend.counters, report, now: now)
      follower?.writeAvailable(at: now)
      exporter?.update(timeline, at: now, backend, report)
      if now >= end { break }
    }
    service.tell("STOPPING=1")
    backend.stop()
    for thread in running { thread.join() }
    show(timeline, nil, backend, report, nil)
    if let last = timeline.finish(at: clock.now, capture: backend.counters, top: report.sites) {
      report.interval(last, life: timeline.summary(capture: backend.counters, top: report.sites))
    }
    follower?.writeLast(at: clock.now ?? start)
    if let failure = running.lazy.compactMap(\.failure).first { throw failure }
  }

  private func deliveryProcesses() throws(CaptureError) -> [DeliveryProcess] {
    do throws(SystemFailure) {
      return try command.options.alerts.delivery.start(
        alertmanagers: command.alertmanagers, interface: command.request.interface ?? "all",
        sandbox: command.sandbox)
    } catch {
      throw CaptureError(.unavailable, "cannot start the process that delivers alerts: \(error.reason)")
    }
  }

  /// Gives up what is not needed once all is open: before the workers start, so that they have it no more.
  private func sandbox(hasKeys: Bool, listens: Bool, _ report: Report) throws(CaptureError) {
    var permissions: Permissions = [.capture]
    if hasKeys { permissions.insert(.terminal) }
    if listens { permissions.insert(.listen) }
    try command.sandbox.sandbox(permissions, alertLog: report.alertLog)
  }

  /// Starts all workers or none: the flows of one that did not run would be missing in silence.
  private func launch(
    _ threads: [WorkerThread], of backend: any LiveBackend
  ) throws(CaptureError) -> [WorkerThread] {
    for (index, thread) in threads.enumerated() where !thread.start() {
      backend.stop()
      for started in threads[..<index] { started.join() }
      throw CaptureError(
        .unavailable, "cannot start worker \(index + 1) of \(threads.count): the system has no thread left",
        remedy: "fewer --workers, or a higher limit of processes (ulimit -u)")
    }
    return threads
  }

  /// Says at once, on standard error, that it works: the first page takes an interval.
  private func announce(_ label: CaptureLabel, _ backend: any LiveBackend, hasKeys: Bool) {
    let quit = hasKeys ? "; q quits" : ""
    let asked = command.request.ringBytes, got = backend.ringBytes
    let ring = got == asked ? "" : " with a ring of \(Self.size(got)) instead of \(Self.size(asked))"
    let what =
      command.options.exchangeFormat != nil
      ? "line an exchange"
      : command.options.format == .screen ? "full screen" : "page every \(command.options.interval)"
    Failure.say("watching \(label.source), port \(label.ports), by \(label.backend)\(ring); a \(what)\(quit)")
    for notice in backend.notices { Failure.say(notice, .warning) }
  }

  private static func size(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
  }

  /// Opens the backend that was asked for, or the next best one.
  private func open() throws(CaptureError) -> any LiveBackend {
    var request = command.request
    request.ringBytes = try MemoryLimit.ring(request.ringBytes, workers: request.workers)
    switch request.backend {
    case .ebpf: return try KernelBackend(request)
    case .pcap: return try PcapBackend(request, insteadOf: nil)
    case .auto:
      do {
        return try KernelBackend(request)
      } catch {
        // What is not there is not there for libpcap either.
        if error.reason == .notFound { throw error }
        do {
          return try PcapBackend(request, insteadOf: error.message)
        } catch let second {
          // Neither may: the better backend's hint serves both.
          throw error.reason == .notPermitted && second.reason == .notPermitted ? error : second
        }
      }
    }
  }

  private func show(
    _ timeline: Timeline, _ now: UInt64?, _ backend: any LiveBackend, _ report: Report,
    _ screen: ScreenSession?
  ) {
    while let interval = timeline.nextInterval(now: now, capture: backend.counters, top: report.sites) {
      report.interval(interval, life: timeline.summary(capture: backend.counters, top: report.sites))
      screen?.interval(interval)
    }
  }

  /// Waits a little for a signal or a key; true when the watch is to end.
  private func isEnded(
    _ interruption: Interruption, _ keyboard: Keyboard?, _ screen: ScreenSession?, _ report: Report
  ) -> Bool {
    var waiting = [pollfd(fd: interruption.descriptor, events: Int16(POLLIN), revents: 0)]
    if let descriptor = screen?.descriptor ?? keyboard?.descriptor {
      waiting.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }
    // poll reads and writes the entries it is given.
    let pace = report.follower == nil ? Self.pace : Self.followingPace
    _ = unsafe poll(&waiting, nfds_t(waiting.count), pace)
    while let signal = interruption.next() {
      switch signal {
      case .end: return true
      case .hangUp: report.reopenLog()
      case .stop: screen?.stop()
      case .goOn: screen?.goOn()
      }
    }
    guard waiting.count > 1, waiting[1].revents != 0 else { return false }
    guard let screen else { return keyboard?.isQuit() ?? false }
    // Without its terminal a screen has no reader.
    return screen.isQuit() || Int32(waiting[1].revents) & (POLLHUP | POLLERR | POLLNVAL) != 0
  }
}
