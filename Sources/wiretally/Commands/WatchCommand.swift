// SPDX-License-Identifier: Apache-2.0

import System
import AlertDelivery
import Alerting
import ArgumentParser
import Backends
import Capture
import Exporting
import Glibc
import History
import LocalSides
import PcapCapture
import Reporting
import Statistics

/// `wiretally watch`, the default: live traffic.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Watch live traffic (the default).",
    discussion: """
      Needs root, or the capabilities cap_bpf and cap_net_raw (cap_net_raw alone: libpcap). q on a \
      terminal, SIGINT and SIGTERM end it with a summary.
      """)

  @OptionGroup var interfaces: InterfaceOptions

  @Flag(name: .customLong("no-alert"), help: "Watch without any alert.")
  var hasNoAlert = false

  @OptionGroup var options: ReportOptions

  @OptionGroup var history: HistoryOptions

  @OptionGroup var configuration: ConfigurationOptions

  @OptionGroup var listening: ListenOptions

  @OptionGroup var write: WriteOptions

  @OptionGroup var receivers: ReceiverOptions

  @OptionGroup var sandbox: SandboxOptions

  @OptionGroup(title: "Screen Options") var screen: ScreenOptions

  @Option(help: "End by itself after this long.")
  var duration: TimeSpan?

  @Option(help: "auto, ebpf or pcap.")
  var backend = BackendChoice.auto

  @Option(
    help:
      "heads copies message heads only; streams copies everything and reassembles; auto does the one or the other, by connection."
  )
  var depth = CaptureDepth.auto

  @Option(
    name: [.customShort("Q"), .customLong("direction")],
    help: "Which packets of the interfaces count: in, out or inout.")
  var direction = CaptureDirection.both

  @Option(
    help:
      "Which connections count: server, those that this machine has not opened; client, those that it has; or both. One between other machines always counts."
  )
  var side = ConnectionSide.both

  @Flag(
    name: .customLong("tls"),
    help: "Read HTTPS too, at the TLS libraries (OpenSSL) of this machine's own processes; heads only.")
  var readsTLS = false

  @Option(
    name: .customLong("tls-port"),
    help:
      "TCP ports of TLS: whose connections are counted, and read with --tls: a list of ports and ranges. (default: 443,8443)"
  )
  var tlsPorts: PortList?

  @Flag(name: .customLong("no-owners"), help: "Do not look which processes serve and ask.")
  var hasNoOwners = false

  @Option(help: "Workers, each with a ring of its own; auto: one for every 12 processors.")
  var workers = WorkerCount.number(1)

  @Option(name: .customLong("ring"), help: "Size of each ring in MiB.")
  var ringMebibytes = 32

  func validate() throws {
    if hasNoAlert, !options.alerts.isEmpty {
      throw ValidationError(
        "--no-alert excludes -t, --alert and --alert-file", hint: "--no-alert alone, or the rules without it")
    }
    if case .number(let number) = workers, number < 1 || number > 64 {
      throw ValidationError("--workers must be 1 to 64, or auto, got \(number)")
    }
    if ringMebibytes < 1 || ringMebibytes > 1_024 {
      throw ValidationError("--ring must be 1 to 1024 MiB, got \(ringMebibytes)")
    }
  }

  /// Throws where `--tls` would read what is not asked for.
  private func checkTLS() throws {
    if tlsPorts?.isAutomatic == true {
      throw ValidationError("--tls-port takes ports, not auto", hint: "--tls-port 443,8443")
    }
    guard readsTLS else { return }
    if direction != .both {
      throw ValidationError(
        "--tls and -Q exclude each other: a library's text has no packets", hint: "--tls without -Q")
    }
  }

  func run() throws {
    // Not in `validate`: what is no option, or no command, is to be named first.
    if options.alerts.isEmpty, !hasNoAlert, options.exchangeFormat == nil {
      Failure.say(
        "one of -t, --alert, --no-alert and --follow is needed",
        details: ["to watch all HTTP traffic, with an alert above 100 requests a second:"],
        hint: (geteuid() == 0 ? "" : "sudo ") + "wiretally -t 100/s", .error)
      throw ExitCode.validationFailure
    }
    // Nor this: an option that is given twice is to be named first.
    try checkTLS()
    try write.check(hasRules: !options.alerts.isEmpty)
    try history.check()
    try receivers.check()
    var files = NamedFiles()
    files.add(write)
    files.add(options, history: history, configuration, log: ReportOptions.defaultAlertLog)
    try files.check()
    _ = try options.limit()
    try options.clients.check(depth)
    // What was reported last is written before the end, as far as its reader takes it.
    defer { Failure.drain() }
    var command = self
    if !options.follow { command.options.askedFormat = try ScreenOptions.format(options.askedFormat) }
    try Failure.reporting {
      if options.ports.isAutomatic {
        command.options.ports = try PortChoice.ports(
          on: interfaces.names, only: options.segmentFilter()?.expression)
      }
      try LiveSession(command).run()
    }
  }

  /// The senders of alerts, with their processes started.
  func deliveryProcesses() throws(CaptureError) -> AlertSenders {
    try AlertSenders(waits: false, origin: origin) { () throws(SystemError) in
      try options.alerts.delivery.start()
        + receivers.startAlertmanagers(interface: origin.interface, sandbox: sandbox)
    }
  }

  /// The process that posts to the collector, started; nil without one.
  func collectorProcess() throws(CaptureError) -> DeliveryProcess? {
    do throws(SystemError) {
      return try receivers.startCollector(sandbox: sandbox)
    } catch {
      throw CaptureError(.unavailable, "cannot start the process that posts metrics: \(error.reason)")
    }
  }

  /// Where the watch runs, for those who collect alerts.
  var origin: AlertOrigin {
    let names = interfaces.names
    return AlertOrigin(
      host: Environment.hostName, interface: names.isEmpty ? "all" : names.joined(separator: ","))
  }

  /// The watched ports, as outputs name them.
  func ports(isTLSRead: Bool) -> String {
    let ports = options.ports.description
    guard isTLSRead, let tls = request.tlsPorts else { return ports }
    return "\(ports), TLS text on \(tls)"
  }

  /// What the backend is asked for.
  var request: LiveRequest {
    var request = LiveRequest(
      backend: backend, interfaces: interfaces.names, ports: options.ports.ports,
      depth: depth,
      direction: direction, workers: workers.count(processors: Processors.online),
      ringBytes: ringMebibytes << 20,
      tlsPorts: readsTLS ? helloPorts : nil, helloPorts: helloPorts)
    request.isWriting = write.path != nil
    return request
  }

  /// The ports of TLS.
  var helloPorts: PortSet { tlsPorts?.ports ?? .https }
}

extension BackendChoice: ExpressibleByArgument {}
extension CaptureDepth: ExpressibleByArgument {}
extension ConnectionSide: ExpressibleByArgument {}
extension CaptureDirection: ExpressibleByArgument {}
