// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import History
import LocalSides
import PcapCapture
import Reporting
import Statistics

/// `wiretally read`: the same pages from capture files, by capture time.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Read pcap and pcapng files and report what is in them.",
    discussion: """
      Files may be compressed by gzip, bzip2, xz or zstd. wiretally -r FILE does the same.

      Time is the files' own: the same file always gives the same pages, however fast it is read. \
      A broken file gives everything up to the fault, then the position of the fault, and exit status 65.
      """)

  @Argument(
    help: ArgumentHelp("Capture files, read in this order; - is standard input.", valueName: "file"),
    completion: .file())
  var files: [String]

  @OptionGroup var options: ReportOptions

  @OptionGroup var history: HistoryOptions

  @OptionGroup var configuration: ConfigurationOptions

  @Option(
    name: .customLong("keylog"),
    help: ArgumentHelp(
      "Decrypt TLS with the secrets of this file, which SSLKEYLOGFILE has clients and servers write.",
      valueName: "file"),
    completion: .file())
  var keyLog: String?

  @Option(
    name: .customLong("tls-port"),
    help: ArgumentHelp(
      "TCP ports to decrypt, with --keylog or with the secrets that a pcapng file brings. (default: 443,8443)",
      valueName: "tls-port"))
  var tlsPorts: PortList?

  @OptionGroup(title: "Screen Options") var screen: ScreenOptions

  /// For the answer alone: a file does not say whose addresses are whose.
  @Option(help: .hidden) var side: ConnectionSide?

  @Flag(
    name: .customLong("no-sandbox"),
    help: "Keep all capabilities, system calls and files while reading: for debugging.")
  var isUnsandboxed = false

  func validate() throws {
    if options.ports.isAutomatic {
      throw ValidationError(
        "--port auto looks at live traffic, and read has none", hint: "--port 80,8000-8099")
    }
    if let tlsPorts, tlsPorts.isAutomatic {
      throw ValidationError(
        "--tls-port auto looks at live traffic, and read has none", hint: "--tls-port 443,8443")
    }
    if let side, side != .both {
      throw ValidationError(
        "--side \(side.rawValue) needs the addresses of the watched machine, and a file has none",
        hint: "tcpdump -r FILE -w - 'not host UPSTREAM' | wiretally read -")
    }
    if keyLog == "-", files.contains("-") {
      throw ValidationError(
        "standard input cannot be both the key log and a capture", hint: "--keylog keys.log -")
    }
  }

  func run() throws {
    try history.check()
    _ = try options.limit()
    var named = NamedFiles()
    named.add(options, history: history, configuration, log: nil)
    named.read(keyLog, "--keylog")
    for file in files { named.read(file, "the capture file") }
    try named.check()
    try Failure.reporting {
      // A terminal that can draw none is named before anything is read.
      if options.format == .screen { _ = try ScreenOptions.format(.screen) }
      let session = try ReadSession(self)
      session.sandbox()
      try session.run()
    }
  }
}
