// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Every wrong command line gets one answer: what is wrong and why, and what to type instead.
@Suite(.serialized) struct UsageTests {
  /// A wrong command line and its answer.
  struct Case: CustomTestStringConvertible {
    var arguments: String
    var message: String
    var hint: String
    var testDescription: String { arguments }

    init(_ arguments: String, _ message: String, hint: String) {
      (self.arguments, self.message, self.hint) = (arguments, message, hint)
    }
  }

  private static let time = "expected a duration such as 30s, 2m or 1h"

  static let cases = [
    // Values that are none.
    Case("-t x", "invalid value 'x' for -t (expected a number, 0 or more, as 100 or 100/s)", hint: "-t 100"),
    Case("-t 1 --interval soon", "invalid value 'soon' for --interval (\(time))", hint: "--interval 10s"),
    Case(
      "-t 1 --alert-window 2x", "invalid value '2x' for --alert-window (\(time))", hint: "--alert-window 2m"),
    Case("-t 1 --alert-every x", "invalid value 'x' for --alert-every (\(time))", hint: "--alert-every 30s"),
    Case(
      "-t 1 --on-alert-timeout x", "invalid value 'x' for --on-alert-timeout (\(time))",
      hint: "--on-alert-timeout 10s"),
    Case("-t 1 --duration x", "invalid value 'x' for --duration (\(time))", hint: "--duration 30s"),
    Case(
      "-t 1 --port 0", "invalid value '0' for --port (expected ports and ranges from 1 to 65535, or auto)",
      hint: "--port 80,8000-8099"),
    Case(
      "-t 1 --port 80-70",
      "invalid value '80-70' for --port (expected ports and ranges from 1 to 65535, or auto)",
      hint: "--port 80,8000-8099"),
    Case(
      "-t 1 --tls --tls-port x",
      "invalid value 'x' for --tls-port (expected ports and ranges from 1 to 65535)",
      hint: "--tls-port 443,8443"),
    Case(
      "-t 1 --tls --tls-port auto", "--tls-port takes ports, not auto", hint: "--tls-port 443,8443"),
    Case(
      "-t 1 --tls -Q in", "--tls and -Q exclude each other: a library's text has no packets",
      hint: "--tls without -Q"),
    Case(
      "-t 1 --top many", "invalid value 'many' for --top (expected a whole number, 1 or more)",
      hint: "--top 5"),
    Case(
      "-t 1 --listen x", "invalid value 'x' for --listen (expected ADDRESS:PORT, a port, or unix:PATH)",
      hint: "--listen 127.0.0.1:9180"),
    Case(
      "-t 1 --write-size big", "invalid value 'big' for --write-size (expected MiB, 1 to 65536)",
      hint: "--write-size 100"),
    Case(
      "-t 1 --write-files x", "invalid value 'x' for --write-files (expected a whole number, 1 to 1000)",
      hint: "--write-files 5"),
    Case(
      "-t 1 --write-on-alert x", "invalid value 'x' for --write-on-alert (\(time))",
      hint: "--write-on-alert 30s"),
    Case(
      "-t 1 --write-on-alert 30s", "--write-on-alert is about the files of --write",
      hint: "--write heads.pcapng --write-on-alert 30s"),
    Case("-t 1 --write -", "--write takes the path of a file", hint: "--write heads.pcapng"),
    Case(
      "-t 1 --write /tmp", "--write takes the path of a file, and /tmp is a folder",
      hint: "--write /tmp/heads.pcapng"),
    Case(
      "-t 1 --write-size 5", "--write-size is about the files of --write",
      hint: "--write heads.pcapng --write-size 5"),
    Case(
      "-t 1 --write-files 5", "--write-files is about the files of --write",
      hint: "--write heads.pcapng --write-files 5"),
    Case(
      "--no-alert --write x --write-on-alert 5s", "--write-on-alert needs a rule that raises an alert",
      hint: "-t 100, or --alert RULE; --write alone writes all packets"),
    Case(
      "-t 1 --history-size 5", "--history-size is about the file of --history",
      hint: "--history /var/lib/wiretally/history --history-size 5"),
    Case(
      "-t 1 --history -", "--history takes the path of a file", hint: "--history /var/lib/wiretally/history"),
    Case(
      "-t 1 --history ''", "--history takes the path of a file", hint: "--history /var/lib/wiretally/history"),
    Case(
      "read --history /tmp x.pcap", "--history takes the path of a file, and /tmp is a folder",
      hint: "--history /tmp/history"),
    Case(
      "replay --from '2026-11-29 15:00' --to '2026-11-29 14:00' x", "--from is later than --to",
      hint: "--from '2026-11-29 14:00' --to '2026-11-29 15:00'"),
    Case(
      "replay --from 1h --to 2h x", "--from is later than --to",
      hint: "--from '2026-11-29 14:00' --to '2026-11-29 15:00'"),
    // Files that are two things at once, by whatever path.
    Case(
      "-t 1 --alert-log x --history ./x", "--history and --alert-log are one file, x",
      hint: "a file of its own for each"),
    Case(
      "-t 1 --alert-log /tmp/x.1 --history /tmp/../tmp/x",
      "--history (its second file) and --alert-log are one file, /tmp/x.1", hint: "a file of its own for each"
    ),
    Case(
      "-t 1 --write x.pcapng --alert-log x.2.pcapng",
      "--write (file 3) and --alert-log are one file, x.2.pcapng", hint: "a file of its own for each"),
    Case(
      "read -t 1 --history x x", "--history and the capture file are one file, x",
      hint: "a file of its own for each"),
    Case(
      "read --history x --keylog x y", "--history and --keylog are one file, x",
      hint: "a file of its own for each"),
    Case(
      "read --alert-file x --alert-log x y", "--alert-log and --alert-file are one file, x",
      hint: "a file of its own for each"),
    Case(
      "-t 1 --listen-sites x", "invalid value 'x' for --listen-sites (expected a whole number, 1 to 500)",
      hint: "--listen-sites 50"),
    Case(
      "-t 1 --workers 1.5", "invalid value '1.5' for --workers (expected a whole number, 1 to 64, or auto)",
      hint: "--workers 2"),
    Case("-t 1 --ring big", "invalid value 'big' for --ring (expected MiB, 1 to 1024)", hint: "--ring 32"),
    // Values of which there are few: the one that was meant, where it is near.
    Case(
      "-t 1 --backend magic", "invalid value 'magic' for --backend (expected auto, ebpf or pcap)",
      hint: "--backend auto"),
    Case(
      "-t 1 --backend ebfp", "invalid value 'ebfp' for --backend (expected auto, ebpf or pcap)",
      hint: "--backend ebpf"),
    Case(
      "-t 1 -Q both", "invalid value 'both' for -Q (expected in, out or inout)", hint: "-Q inout"),
    Case(
      "-t 1 --side servers", "invalid value 'servers' for --side (expected both, server or client)",
      hint: "--side server"),
    Case(
      "read --side server x", "--side server needs the addresses of the watched machine, and a file has none",
      hint: "tcpdump -r FILE -w - 'not host UPSTREAM' | wiretally read -"),
    Case(
      "-t 1 --color no", "invalid value 'no' for --color (expected auto, always or never)",
      hint: "--color never"),
    Case(
      "-t 1 --format jsno",
      "invalid value 'jsno' for --format (expected screen, page, json, common, combined or vcombined)",
      hint: "--format json"),
    Case(
      "doctor --format x", "invalid value 'x' for --format (expected page or json)", hint: "--format json"),
    // Values out of their range.
    Case("-t -1", "-t must be 0 or more, got -1", hint: "-t 100"),
    Case("-t nan", "-t must be 0 or more, got nan", hint: "-t 100"),
    Case("-t 1 --interval 1ms", "--interval must be 10ms to 24h, got 1.0ms", hint: "--interval 10s"),
    Case(
      "-t 1 --alert-window 5s", "--alert-window must be at least the interval of 10s, got 5s",
      hint: "--alert-window 10s"),
    Case(
      "-t 1 --alert-every 5s", "--alert-every must be at least the interval of 10s, got 5s",
      hint: "--alert-every 10s"),
    Case(
      "-t 1 --on-alert true --on-alert-timeout 2h", "--on-alert-timeout must be at most 1h, got 2h",
      hint: "--on-alert-timeout 10s"),
    Case("-t 1 --on-alert ''", "--on-alert needs a command", hint: "--on-alert 'logger \"$WIRETALLY_TEXT\"'"),
    Case(
      "-t 1 --alertmanager ftp://a",
      "--alertmanager: invalid Alertmanager URL 'ftp://a': expected a URL such as http://127.0.0.1:9093",
      hint: "--alertmanager http://127.0.0.1:9093"),
    Case(
      "-t 1 --alertmanager http://a --alertmanager-ca /etc/passwd",
      "--alertmanager-ca has no effect without a URL of https", hint: "--alertmanager https://HOST"),
    Case(
      "-t 1 --alertmanager https://a --alertmanager-ca /etc/passwd",
      "--alertmanager: /etc/passwd has no certificate in PEM form",
      hint: "the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"),
    Case(
      "-t 1 --otlp http://a --otlp-auth /etc/passwd", "--otlp-auth: credentials are sent over https alone",
      hint: "--otlp https://HOST"),
    Case(
      "-t 1 --otlp https://a --otlp-auth /etc/passwd",
      "--otlp: /etc/passwd has no credentials in its first line",
      hint: "a line of the form 'Bearer TOKEN' or 'Basic USER:PASSWORD'"),
    Case(
      "-t 1" + String(repeating: " --alertmanager http://a", count: 9),
      "--alertmanager may be given at most 8 times, got 9", hint: "an --on-alert command can post to more"),
    Case(
      "-t 1 --window 1h", "invalid value '1h' for --window (expected 10s, 1m, 5m, 15m or all)",
      hint: "--window 1m"),
    Case(
      "-t 1 --window 1m --format json", "--window is about the tables of pages and of the screen",
      hint: "--format page --window 1m"),
    Case("-t 1 --path-depth 9", "--path-depth must be 1 to 8, got 9", hint: "--path-depth 2"),
    Case(
      "-t 1 --client-header X-Forwarded-For",
      "--client-header believes nobody without --trust-proxy: anybody can send a header",
      hint: "--client-header X-Forwarded-For --trust-proxy 10.0.0.0/8"),
    Case(
      "-t 1 --trust-proxy 10.0.0.0/8",
      "--trust-proxy says whose header is believed, and --client-header which one",
      hint: "--client-header X-Forwarded-For --trust-proxy 10.0.0.0/8"),
    Case(
      "-t 1 --client-header X-Real-IP --trust-proxy 10.0.0.7/8",
      "--trust-proxy: '10.0.0.7/8' is an address in a network (expected 10.0.0.0/8, or the address alone)",
      hint: "--trust-proxy 10.0.0.0/8"),
    Case(
      "-t 1 --client-header X-Real-IP --trust-proxy 10/8",
      "--trust-proxy: '10/8' is no network (expected an address or a network such as 10.0.0.0/8)",
      hint: "--trust-proxy 10.0.0.0/8,fd00::/8"),
    Case("-c 0 --follow", "--count must be 1 or more, got 0", hint: "--follow --count 10"),
    Case(
      "-t 1 -c 5", "--count is about the lines of single exchanges, which page does not print",
      hint: "--follow --count 5"),
    Case(
      "-t 1 --client-header proxy --trust-proxy ::1",
      "--client-header: 'proxy' is no field that names clients; the PROXY header is called proxy_protocol",
      hint: "--client-header proxy_protocol"),
    Case(
      "-t 1 --client-header proxy_protocol --trust-proxy ::1 --depth heads",
      "--client-header proxy_protocol and --depth heads exclude each other: a PROXY header is none of a message's",
      hint: "--depth auto"),
    Case(
      "-t 1 --client-header host --trust-proxy ::1",
      "--client-header: 'host' names no client (expected a field's name of at most 16 characters, such as "
        + "X-Forwarded-For, X-Real-IP or Forwarded)", hint: "--client-header X-Forwarded-For"),
    Case("-t 1 --top 0", "--top must be 1 or more, got 0", hint: "--top 5"),
    Case("-t 1 --listen-sites 0", "--listen-sites must be 1 to 500, got 0", hint: "--listen-sites 50"),
    Case("-t 1 --workers 65", "--workers must be 1 to 64, or auto, got 65", hint: "--workers 2"),
    Case("-t 1 --ring 0", "--ring must be 1 to 1024 MiB, got 0", hint: "--ring 32"),
    Case(
      "-t 1 -i 0123456789abcdef", "invalid interface name '0123456789abcdef' (expected 1 to 15 characters)",
      hint: "ip link lists all interfaces"),
    Case(
      "-t 1 -i lo,,eth0", "invalid interface name '' (expected 1 to 15 characters)",
      hint: "ip link lists all interfaces"),
    Case(
      "-t 1 -i " + (0..<17).map { "eth\($0)" }.joined(separator: ","),
      "-i may name at most 16 interfaces, got 17", hint: "without -i all are watched"),
    Case(
      "-t 1 --user nosuchuser", "--user: no such user 'nosuchuser'", hint: "getent passwd lists all users"),
    Case("bench --duration 1s", "--duration must be 2s to 1h, got 1s", hint: "--duration 30s"),
    // Options that do not go together, or that are missing.
    Case(
      "",
      "one of -t, --alert, --no-alert and --follow is needed\n  to watch all HTTP traffic, with an alert above 100 "
        + "requests a second:", hint: (geteuid() == 0 ? "" : "sudo ") + "wiretally -t 100/s"),
    Case(
      "-t 1/x", "invalid value '1/x' for -t (expected a number, 0 or more, as 100 or 100/s)", hint: "-t 100"),
    Case("-t -1/s", "-t must be 0 or more, got -1/s", hint: "-t 100"),
    Case(
      "-t 1 --query none", "invalid value 'none' for --query (expected keep, names or drop)",
      hint: "--query names"),
    Case(
      "-t 1 --format page --where status=500", "--where is about single exchanges, which page does not show",
      hint: "--follow --where 'status=500'"),
    Case(
      "-t 1 --no-alert", "--no-alert excludes -t, --alert and --alert-file",
      hint: "--no-alert alone, or the rules without it"),
    Case("read --on-alert true x", "--on-alert needs a rule to be run for", hint: "-t 100, or --alert RULE"),
    Case(
      "-t 1 --user nobody --no-sandbox",
      "--user and --no-sandbox exclude each other: without sandbox no user is changed",
      hint: "--user nobody alone"),
    Case(
      "--follow --format screen",
      "--follow and --format screen exclude each other: lines would run over the screen",
      hint: "--follow alone, or with --format json"),
    Case(
      "read --format screen x", "full-screen view unavailable (standard output is no terminal)",
      hint: "--format page"),
    Case(
      "read --port auto x", "--port auto looks at live traffic, and read has none",
      hint: "--port 80,8000-8099"),
    Case(
      "doctor --port auto", "doctor looks for HTTP on all ports, and needs no --port auto",
      hint: "wiretally doctor"),
    Case("read", "no capture file is named", hint: "wiretally read capture.pcap, or - for standard input"),
    Case("replay", "no history is named", hint: "wiretally replay /var/lib/wiretally/history"),
    Case(
      "replay --from then x", "invalid value 'then' for --from (expected a time)",
      hint: "--from '2026-11-29 14:00'"),
    Case(
      "deliver </dev/null", "deliver is started by wiretally itself, and does nothing alone",
      hint: "wiretally -t 100 --on-alert COMMAND"),
    // Options and arguments that there are none of.
    Case("-t 1 --intervall 5s", "unknown option '--intervall'", hint: "--interval"),
    Case("-t 1 --nothing-like-it", "unknown option '--nothing-like-it'", hint: "wiretally watch --help"),
    Case("-t 1 --bogus", "unknown option '--bogus'", hint: "wiretally watch --help"),
    Case("-t 1 -x", "unknown option '-x'", hint: "wiretally watch --help"),
    Case("-t100", "unknown option '-t100' (a value is separated from its option)", hint: "-t 100"),
    Case("-t5", "unknown option '-t5' (a value is separated from its option)", hint: "-t 5"),
    Case(
      "--generate-completion-script nosh", "there are no completions for the shell 'nosh'",
      hint: "--generate-completion-script bash, zsh or fish"),
    Case("doctor -t 1", "-t is an option of watch and read, not of doctor", hint: "wiretally doctor --help"),
    Case("read --no-alert x", "--no-alert is an option of watch, not of read", hint: "wiretally read --help"),
    Case("read -i eth0 x", "-i is an option of watch and doctor, not of read", hint: "wiretally read --help"),
    Case("-t 1 --follow=yes", "--follow takes no value, got 'yes'", hint: "--follow"),
    Case("docter", "unexpected argument 'docter'", hint: "wiretally doctor"),
    Case(
      "-t 1 capture.pcap", "unexpected argument 'capture.pcap'",
      hint:
        "wiretally read capture.pcap, if that is a capture file; the commands are watch, read, replay, doctor or bench"
    ),
    // Options given twice, by either name.
    Case(
      "-t 100 -t 50", "-t is given twice: '100' and '50'",
      hint: "-t 50 alone; further rules are --alert RULE"),
    Case(
      "-t 100 --alert-trigger-threshold=50", "--alert-trigger-threshold is given twice: '100' and '50'",
      hint: "-t 50 alone; further rules are --alert RULE"),
    Case(
      "-t 1 --ring 1 --ring 2", "--ring is given twice: '1' and '2'", hint: "--ring 2 alone"),
  ]

  @Test(arguments: cases) func `wrong usage is answered with the reason and a hint, and ends with 64`(
    wrong: Case
  ) {
    let ran = Shell.attempt("\(Machine.program) \(wrong.arguments)")
    #expect(ran.status == 64)
    #expect(ran.errors == "wiretally: \(wrong.message)\n  hint: \(wrong.hint)\n")
    #expect(ran.output.isEmpty)
  }

  /// What a command needs before an option can be tried.
  private static func command(_ name: String, for option: String) -> String {
    let isThreshold = ["-t", "--alert-trigger-threshold"].contains(option)
    return "\(Machine.program) \(name)"
      + (["read", "replay"].contains(name) ? " x" : name == "watch" && !isThreshold ? " -t 1" : "")
  }

  @Test
  func `every option that takes a value asks for one that is missing, with an example that is accepted`()
    throws
  {
    var count = 0
    for option in try ManualTests.valueOptions() {
      count += 1
      let begin = Self.command(option.command, for: option.name)
      let missing = Shell.attempt("\(begin) \(option.name)")
      #expect(missing.status == 64)
      let text = "wiretally: \(option.name) needs a value ("
      #expect(missing.errors.hasPrefix(text), "\(option): \(missing.errors)")
      let hint = missing.errors.split(separator: "\n").last.map { $0.dropFirst("  hint: ".count) } ?? ""
      #expect(
        hint.hasPrefix("\(option.name) ") && hint.count > option.name.count + 1,
        "\(option): \(missing.errors)")

      // The example passes: what is refused is that it comes twice. The rule that --on-alert needs is given.
      let more = option.name == "--on-alert" && option.command == "read" ? " -t 1" : ""
      if ["--alert", "--alertmanager", "--config", "-i", "--interface"].contains(option.name) { continue }
      let doubled = Shell.attempt("\(begin)\(more) \(hint) \(hint)")
      #expect(doubled.status == 64)
      #expect(
        doubled.errors.hasPrefix("wiretally: \(option.name) is given twice: "), "\(option): \(doubled.errors)"
      )
      #expect(doubled.errors.contains("\n  hint: "), "\(option): \(doubled.errors)")
    }
    #expect(count >= 40)
  }
}
