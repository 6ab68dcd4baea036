// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Backends
import Capture
import LocalSides
import Reporting
import Statistics

/// The form of an option's value: for the answer to one that is of another form, or missing.
struct OptionForm {
  /// All names of the option.
  let names: [String]
  /// What a value is, in a few words.
  let expected: String
  /// A value that is accepted.
  let example: String
  /// Whether each further one adds to those before it.
  let isRepeatable: Bool
  /// Whether a value may be several with commas between them.
  let isList: Bool

  private init(
    _ names: String..., expected: String, example: String, isRepeatable: Bool = false, isList: Bool = false
  ) {
    (self.names, self.expected, self.example) = (names, expected, example)
    (self.isRepeatable, self.isList) = (isRepeatable, isList)
  }

  /// How it is typed.
  var usage: String { "\(names[0]) \(example)" }

  /// The form of the option of this name, if it is one that takes a value.
  static func named(_ name: some StringProtocol) -> OptionForm? {
    all.first { $0.names.contains(String(name)) }
  }

  private static let time = "a duration such as 30s, 2m or 1h"

  /// Every option that takes a value, of all commands.
  static let all = [
    OptionForm(
      "--config", expected: "a file of options", example: "/etc/wiretally/config.toml", isRepeatable: true),
    OptionForm(
      "-t", "--alert-trigger-threshold", expected: "a number, 0 or more, as 100 or 100/s", example: "100"),
    OptionForm("--alert", expected: "a rule", example: "'failures > 5% for 1m'", isRepeatable: true),
    OptionForm("--alert-file", expected: "a file of rules", example: "/etc/wiretally/alerts"),
    OptionForm("--alert-window", expected: time, example: "2m"),
    OptionForm("--alert-every", expected: time, example: "30s"),
    OptionForm("--alert-log", expected: "a file", example: "/var/log/wiretally/alerts.log"),
    OptionForm("--on-alert", expected: "a command", example: "'logger \"$WIRETALLY_TEXT\"'"),
    OptionForm("--on-alert-timeout", expected: time, example: "10s"),
    OptionForm(
      "--alertmanager", expected: "a URL", example: "http://127.0.0.1:9093", isRepeatable: true),
    OptionForm("--alertmanager-ca", expected: "a file of certificates", example: "ca.pem"),
    OptionForm("--alertmanager-auth", expected: "a file of credentials", example: "alertmanager.auth"),
    OptionForm("--history", expected: "a file", example: "/var/lib/wiretally/history"),
    OptionForm("--history-size", expected: "MiB, 1 to 65536", example: "256"),
    OptionForm("--otlp", expected: "a URL", example: "http://127.0.0.1:4318"),
    OptionForm("--otlp-ca", expected: "a file of certificates", example: "ca.pem"),
    OptionForm("--otlp-auth", expected: "a file of credentials", example: "collector.auth"),
    OptionForm("-i", "--interface", expected: "interfaces", example: "eth0,lo", isRepeatable: true),
    OptionForm("--filter", expected: "an expression of libpcap", example: "'host 10.0.0.1'"),
    OptionForm(
      "--port", expected: "ports and ranges from 1 to 65535, or auto", example: "80,8000-8099", isList: true),
    OptionForm("--keylog", expected: "a file of secrets", example: "keys.log"),
    OptionForm(
      "--tls-port", expected: "ports and ranges from 1 to 65535", example: "443,8443", isList: true),
    OptionForm("--interval", expected: time, example: "10s"),
    OptionForm("--timeout", expected: time, example: "90s"),
    OptionForm("--from", expected: "a time", example: "'2026-11-29 14:00'"),
    OptionForm("--to", expected: "a time", example: "'2026-11-29 15:00'"),
    OptionForm("--format", expected: "a format", example: "json"),
    OptionForm("--query", expected: list(QueryPolicy.self), example: "names"),
    OptionForm("--where", expected: "a condition", example: "'status>=500'"),
    OptionForm("--only", expected: "a condition", example: "'site=shop.example'"),
    OptionForm("-c", "--count", expected: "a whole number, 1 or more", example: "10"),
    OptionForm("--path-depth", expected: "a whole number, 1 to 8", example: "2"),
    OptionForm("--client-header", expected: "a header field's name", example: "X-Forwarded-For"),
    OptionForm(
      "--trust-proxy", expected: "addresses and networks", example: "10.0.0.0/8,fd00::/8", isList: true),
    OptionForm("--window", expected: list(StatisticsWindow.self), example: "1m"),
    OptionForm("--top", expected: "a whole number, 1 or more", example: "5"),
    OptionForm("--write", expected: "a file", example: "heads.pcapng"),
    OptionForm("--write-size", expected: "MiB, 1 to 65536", example: "100"),
    OptionForm("--write-files", expected: "a whole number, 1 to 1000", example: "5"),
    OptionForm("--write-on-alert", expected: time, example: "30s"),
    OptionForm("--listen", expected: "ADDRESS:PORT, a port, or unix:PATH", example: "127.0.0.1:9180"),
    OptionForm("--listen-sites", expected: "a whole number, 1 to 500", example: "50"),
    OptionForm("--user", expected: "a user", example: "nobody"),
    OptionForm("--color", expected: list(ScreenOptions.Color.self), example: "never"),
    OptionForm("--duration", expected: time, example: "30s"),
    OptionForm("--backend", expected: list(BackendChoice.self), example: "auto"),
    OptionForm("--depth", expected: list(CaptureDepth.self), example: "heads"),
    OptionForm("-Q", "--direction", expected: list(CaptureDirection.self), example: "inout"),
    OptionForm("--side", expected: list(ConnectionSide.self), example: "server"),
    OptionForm("--workers", expected: "a whole number, 1 to 64, or auto", example: "2"),
    OptionForm("--ring", expected: "MiB, 1 to 1024", example: "32"),
  ]

  /// All values of a type: "a, b or c".
  private static func list<Value: CaseIterable & RawRepresentable<String>>(_ type: Value.Type) -> String {
    UsageFault.list(type.allCases.map(\.rawValue))
  }
}
