// SPDX-License-Identifier: Apache-2.0

import Backends
import Capture
import Owners
import PcapCapture
import Reporting
import Statistics
import System

/// A watch whose workers count; this thread drives the outputs.
struct RunningWatch: ~Copyable {
  private let command: WatchCommand
  private let backend: any LiveBackend
  private let workers: WorkerPool
  private let reporter: Reporter
  private let input: WatchInput
  private let notices: LiveNotices
  private let owners: OwnerTable?
  private let start: UInt64

  /// - Parameters:
  ///   - sides: whose connections count, and what is known of hops.
  ///   - labels: what the wall clock has become since the start.
  ///   - scout: looks for HTTP on other ports; nil where that cannot be done.
  ///   - start: when the watch has begun, on the capture clock.
  init(
    _ command: WatchCommand, _ backend: any LiveBackend, _ workers: WorkerPool, _ reporter: Reporter,
    _ input: WatchInput, owners: OwnerTable?, sides: SideChoice?, labels: LabelClock, notices: [String],
    scout: PortScout?,
    start: UInt64
  ) {
    self.command = command
    self.backend = backend
    self.workers = workers
    self.reporter = reporter
    self.input = input
    self.owners = owners
    self.start = start
    self.notices = LiveNotices(
      backend, labels, interfaces: command.request.interfaces, ports: reporter.label.ports, scout: scout,
      sides: sides, others: notices)
    reporter.notices = self.notices.lines
  }

  /// The time on the capture clock.
  private var now: UInt64? { backend.sources.first?.now }

  /// Runs until the end is asked for, by a signal, a key, `--duration`, or a reader that has gone.
  func loop() {
    let end = command.duration.map { start &+ $0.nanoseconds } ?? .max
    while reporter.hasReader, !workers.hasEndedEarly {
      let readiness = input.wait(reporter.pace)
      for event in input.events(readiness) {
        if event == .end { return }
        input.handle(event, reporter)
      }
      owners?.update()
      let now = now ?? start
      if notices.follow(at: now, isSilent: reporter.timeline.isSilent) { reporter.notices = notices.lines }
      reporter.showIntervals(at: now)
      reporter.tick(at: now)
      if now >= end { return }
    }
  }

  /// Ends the capture, shows what it has still brought and the summary, and gives everything back.
  consuming func finish() throws {
    reporter.stop()
    backend.stop()
    workers.join()
    reporter.finish(at: now)
    reporter.summarize()
    // Outputs may open files still, which must not get the numbers of packet sockets (`PacketSocketFilter`).
    withExtendedLifetime(backend) {
      reporter.close { [interruption = input.interruption] in interruption.next() == .end }
    }
    if let failure = workers.failure { throw failure }
  }

  /// Says at once, on standard error, that it works: the first page takes an interval.
  func announce() {
    let label = reporter.label
    let quit = input.hasKeys ? ", press q to quit" : ""
    let asked = command.request.ringBytes, got = backend.ringBytes
    let ring = got == asked ? "" : " with a ring of \(Self.size(got)) instead of \(Self.size(asked))"
    let what =
      switch command.options.form {
      case .exchanges: "one line per exchange"
      case .screen: "full-screen view"
      case .pages: "page every \(command.options.interval)"
      case .objects: "JSON object every \(command.options.interval)"
      }
    let filter = label.filter.map { ", filter '\($0)'" } ?? ""
    let only = label.only.map { ", only '\($0)'" } ?? ""
    Failure.say(
      "capturing on \(label.source), port \(label.ports)\(filter)\(only) (\(label.backend)\(ring)); \(what)\(quit)"
    )
    for notice in notices.lines { Failure.say(notice, .warning) }
  }

  private static func size(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
  }
}
