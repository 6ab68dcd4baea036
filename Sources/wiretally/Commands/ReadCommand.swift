// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import Sandbox
import AlertDelivery
import Exchanges
import ExchangeStream
import PcapCapture
import Reporting
import System
import Statistics

/// `wiretally read`: the same pages from capture files, by capture time.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Read pcap and pcapng files and report what is in them.",
    discussion: """
      Time is the files' own: the same file always gives the same pages, however fast it is read. \
      A broken file gives everything up to the fault, then the position of the fault, and exit status 65.
      """)

  @Argument(help: ArgumentHelp("Capture files, read in this order; - is standard input.", valueName: "file"))
  var files: [String]

  @OptionGroup var options: ReportOptions

  @Flag(
    name: .customLong("no-sandbox"),
    help: "Keep all capabilities, system calls and files while reading: for debugging.")
  var isUnsandboxed = false

  func validate() throws {
    if options.format == .screen {
      throw ValidationError("--format screen shows live traffic: read knows page and json")
    }
  }

  func run() throws {
    do {
      try read()
    } catch let error as CaptureError {
      throw Failure.end(error)
    } catch let error as StatisticsError {
      throw Failure.end(error)
    } catch let error as AlertError {
      throw Failure.end(error)
    }
  }

  private func read() throws {
    let plan = try IntervalPlan(interval: options.interval.nanoseconds)
    let label = CaptureLabel(
      backend: "file", source: files.map { $0 == "-" ? "standard input" : $0 }.joined(separator: ", "),
      ports: options.ports.description)
    let alerts = try options.alerts.board(plan)
    let delivery = AlertSenders(try deliveryProcesses())
    let limits = ExchangeLimits.file
    try AddressSpace.check(limits.bytes)
    let follower = options.exchangeFormat.map { Follower($0, workers: 1, limits: limits) }
    let report = try Report(
      options, alerts: alerts, label: label, delivery: delivery, isLive: false, follower: follower)
    // One thread reads and writes: it makes room by itself, and nothing is dropped.
    follower?.stream.writers[0].whenFull = { follower?.writeAll() }
    let budgets = StatisticsBudgets(pendingExchanges: limits.pendingRequests)
    let tallyExchange = try TallyExchange(budgets: budgets)
    // One seed for all files: the same file gives the same bytes.
    let pinned = try PinnedSites(alerts.sites, seed: 0x5eed, budgets: budgets)
    let writer = try TallyWriter(tallyExchange, plan: plan, pinned: pinned)
    let timeline = try Timeline(
      [tallyExchange], plan: plan, pinned: pinned, wantsLatencies: alerts.needsLatencies)
    let source = FileSource(paths: files, ports: options.ports.ports)
    let worker = TrafficWorker(
      source, writer, stream: follower?.stream.writers[0], limits: limits, depth: .streams, seed: pinned.seed)
    let progress = ReadProgress(
      isShown: (options.format == .page && follower == nil) || !StandardDescriptors.isTerminal(1))
    sandbox(report)
    var faults: [CaptureError] = []
    func show() {
      while let interval = timeline.nextInterval(capture: source.counters, top: report.sites) {
        progress.clear()
        report.interval(interval, life: timeline.summary(capture: source.counters, top: report.sites))
      }
    }
    while report.hasReader {
      do throws(CaptureError) {
        if try worker.step(timeout: 0, atTick: show) == .ended { break }
      } catch {
        faults.append(error)
        source.abandonFile()
      }
      follower?.writeAll()
      progress.show(source)
    }
    progress.clear()
    worker.finish(isOver: true)
    show()
    if let last = timeline.finish(capture: source.counters, top: report.sites) {
      report.interval(last, life: timeline.summary(capture: source.counters, top: report.sites))
    }
    follower?.writeAll()
    delivery.settle()
    report.summary(timeline.summary(capture: source.counters, top: report.sites))
    for notice in source.notices { Failure.say(notice) }
    if source.unreadable > 0 {
      Failure.say("\(source.unreadable) packets have a link layer that cannot be read; they were left out")
    }
    try end(faults)
  }

  /// Gives up, before a byte of the files is looked at, what reading them does not take. They are opened one
  /// after the other, later on: so it stays who it is.
  private func sandbox(_ report: Report) {
    if isUnsandboxed { return }
    var policy = Sandbox.Policy()
    policy.keepsFileRights = true
    policy.readable = files.filter { $0 != "-" }
    if let alertLog = report.alertLog { policy.writable.append(SandboxOptions.place(of: alertLog)) }
    // The policy asks for no user, so this does not throw.
    guard let kept = try? Sandbox.apply(policy).kept, !kept.isEmpty else { return }
    Failure.say("while it reads it keeps \(kept.joined(separator: ", "))")
  }

  private func deliveryProcesses() throws(CaptureError) -> [DeliveryProcess] {
    do throws(SystemFailure) {
      return try options.alerts.delivery.start()
    } catch {
      throw CaptureError(.unavailable, "cannot start the process that delivers alerts: \(error.reason)")
    }
  }

  private func end(_ faults: [CaptureError]) throws {
    var status = ExitCode.success
    for fault in faults { status = Failure.end(fault) }
    if status != .success { throw status }
  }
}
