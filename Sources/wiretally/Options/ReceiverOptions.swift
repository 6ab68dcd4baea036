// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import ArgumentParser
import Sandbox
import System

/// The servers that a watch posts alerts and metrics to, whom it trusts for them, and as whom it goes.
struct ReceiverOptions: ParsableArguments {
  @Option(
    name: .customLong("alertmanager"),
    help: ArgumentHelp(
      "An Alertmanager to post alerts to, such as http://127.0.0.1:9093. May be repeated.", valueName: "url"))
  var alertmanagers: [String] = []

  @Option(
    name: .customLong("alertmanager-ca"),
    help: ArgumentHelp(
      "Certificates (PEM) of which one must have signed an Alertmanager's. (default: the system's)",
      valueName: "file"))
  var alertmanagerAuthorities: String?

  @Option(
    name: .customLong("alertmanager-auth"),
    help: ArgumentHelp(
      "Credentials for Alertmanagers: a file of one line, 'Bearer TOKEN' or 'Basic USER:PASSWORD'.",
      valueName: "file"))
  var alertmanagerCredentials: String?

  @Option(
    name: .customLong("otlp"),
    help: ArgumentHelp(
      "An OpenTelemetry collector to post metrics and alerts to, such as http://127.0.0.1:4318.",
      valueName: "url"))
  var collector: String?

  @Option(
    name: .customLong("otlp-ca"),
    help: ArgumentHelp("As --alertmanager-ca, for the collector.", valueName: "file"))
  var collectorAuthorities: String?

  @Option(
    name: .customLong("otlp-auth"),
    help: ArgumentHelp("As --alertmanager-auth, for the collector.", valueName: "file"))
  var collectorCredentials: String?

  /// Alertmanagers that may be given.
  private static let limit = 8
  /// Nanoseconds that a post may take.
  private static let postTimeout: UInt64 = 10_000_000_000

  func validate() throws {
    for url in alertmanagers {
      do throws(PostAddress.Fault) {
        _ = try PostAddress.alertmanager(url)
      } catch {
        throw ValidationError("--alertmanager: \(error)")
      }
    }
    if let collector {
      do throws(PostAddress.Fault) {
        _ = try PostAddress.collector(collector)
      } catch {
        throw ValidationError("--otlp: \(error)")
      }
    }
    if alertmanagers.count > Self.limit {
      throw ValidationError(
        "--alertmanager may be given at most \(Self.limit) times, got \(alertmanagers.count)",
        hint: "an --on-alert command can post to more")
    }
  }

  /// Throws where a file is given in vain, or has nothing that can be used.
  func check() throws {
    try Self.check(
      "--alertmanager", alertmanagers.compactMap { try? PostAddress.alertmanager($0) },
      alertmanagerAuthorities, alertmanagerCredentials)
    try Self.check(
      "--otlp", [collector].compactMap { $0 }.compactMap { try? PostAddress.collector($0) },
      collectorAuthorities, collectorCredentials)
  }

  private static func check(
    _ option: String, _ addresses: [PostAddress], _ authorities: String?, _ credentials: String?
  ) throws {
    if authorities != nil, !addresses.contains(where: \.isSecure) {
      throw ValidationError(
        "\(option)-ca has no effect without a URL of https", hint: "\(option) https://HOST")
    }
    if credentials != nil, addresses.isEmpty || addresses.contains(where: { !$0.isSecure }) {
      throw ValidationError(
        "\(option)-auth: credentials are sent over https alone", hint: "\(option) https://HOST")
    }
    do throws(PostSecurity.Fault) {
      _ = try PostSecurity(authorities: authorities, credentials: credentials)
    } catch {
      throw ValidationError("\(option): \(error.description)", hint: error.hint)
    }
  }

  /// The processes that post alerts, started with what this one may do now.
  func startAlertmanagers(interface: String, sandbox: SandboxOptions) throws(SystemError) -> [DeliveryProcess]
  {
    var processes: [DeliveryProcess] = []
    for url in alertmanagers {
      processes.append(
        try start(
          .alertmanager(url: url, instance: Environment.hostName, interface: interface),
          alertmanagerAuthorities, alertmanagerCredentials, sandbox))
    }
    return processes
  }

  /// The process that posts to the collector, started so too; nil without one.
  func startCollector(sandbox: SandboxOptions) throws(SystemError) -> DeliveryProcess? {
    guard let collector else { return nil }
    return try start(.collector(url: collector), collectorAuthorities, collectorCredentials, sandbox)
  }

  private func start(
    _ means: DeliveryProcess.Means, _ authorities: String?, _ credentials: String?, _ sandbox: SandboxOptions
  ) throws(SystemError) -> DeliveryProcess {
    var orders = DeliveryMessage()
    orders["ca"] = authorities
    orders["auth"] = credentials
    if !sandbox.isUnsandboxed {
      orders["sandbox"] = "1"
      orders["user"] = sandbox.account?.name
    }
    return try DeliveryProcess.start(
      means, timeout: Self.postTimeout, extra: orders, arguments: ["wiretally", "deliver"])
  }
}
