// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Rules of the operator's own, from the command line to the page, in capture time.
@Suite(.serialized) struct AlertRuleTests {
  static let capture = JSONDocumentTests.capture

  private func read(_ arguments: String) -> Ran {
    Shell.attempt("\(Machine.program) read \(arguments) \(Self.capture)")
  }

  @Test(arguments: [
    ("--alert 'failurs > 5%'", "--alert: unknown measure 'failurs'", "  ^^^^^^^\n"),
    ("--alert failures", "put the rule in quotes", "          ^\n"),
    ("--alert 'p99 > 1s' --alert 'p99 > 500'", "invalid limit '500' for p99", "        ^^^\n"),
  ])
  func `a wrong rule ends it at once, with 64 and the place`(
    arguments: String, message: String, marks: String
  ) {
    for command in ["watch", "read \(Self.capture)"] {
      let ran = Shell.attempt("\(Machine.program) \(command) \(arguments)")
      #expect(ran.status == 64, "\(ran.errors)")
      #expect(ran.errors.contains(message), "\(ran.errors)")
      #expect(ran.errors.contains(marks), "\(ran.errors)")
      #expect(ran.output.isEmpty)
    }
  }

  @Test func `a file of rules is read, and its errors name the line`() throws {
    let folder = Folder()
    let rules = folder.file("alerts.rules")
    try "# ours\nfailures > 5%\n\nrequests < 1/s over 10s name=quiet\n".write(
      toFile: rules, atomically: true, encoding: .utf8)
    let ran = read("--alert-log \(folder.file("log")) --alert-file \(rules)")
    #expect(ran.status == 0, "\(ran.errors)")
    #expect(ran.output.contains("Low traffic (quiet) generated an alert - hits = 0.60/s, triggered at: "))
    #expect(
      Shell.read(folder.file("log")).contains(
        " rule=quiet hits=0.60/s threshold=1/s window=10s lost=0 id=quiet-"))
    try "failures > 5%\nrequests < fast\n".write(toFile: rules, atomically: true, encoding: .utf8)
    let wrong = read("--alert-file \(rules)")
    #expect(wrong.status == 64)
    #expect(wrong.errors.contains("\(rules), line 2: invalid limit 'fast' for requests"))
    let missing = read("--alert-file \(folder.file("none"))")
    #expect(missing.status == 66)
    #expect(missing.errors.contains("no such file or directory"))
  }

  @Test func `-t has a unit, which every output names`() throws {
    let page = read("-t 0.01/s --alert-log /dev/null --interval 1s --alert-window 1s").output
    #expect(page.contains("/s > 0.01/s, peak "), "\(page)")
    #expect(page.contains("High traffic generated an alert - hits = "))
    let lines = read("-t 0.01/s --alert-log /dev/null --interval 1s --alert-window 1s --format json").output
    #expect(lines.contains(#""threshold":0.01,"unit":"second","peak":"#), "\(lines)")
    // The same limit, whatever the interval: 60 times as much per interval of a minute.
    let raised = { (text: String) in
      text.split(separator: "\n").contains { $0.contains(#""state":"raised""#) }
    }
    #expect(raised(read("-t 0.01/s --alert-log /dev/null --interval 1m --format json").output))
    #expect(!raised(read("-t 1000/m --alert-log /dev/null --interval 1m --format json").output))
  }

  @Test func `reading a file logs no alert unless a log is named`() throws {
    let folder = Folder()
    let state = "XDG_STATE_HOME=\(folder.path) HOME=\(folder.path)"
    let before = Shell.run("cat /var/log/wiretally/alerts.log 2>/dev/null | wc -l").output
    let ran = Shell.run("\(state) \(Machine.program) read -t 0 \(Self.capture)")
    #expect(ran.status == 0 && ran.output.contains("generated an alert"))
    #expect(!ran.output.contains("All alerts are logged in"))
    #expect(Shell.run("find \(folder.path) -type f").output.isEmpty)
    #expect(Shell.run("cat /var/log/wiretally/alerts.log 2>/dev/null | wc -l").output == before)
    let named = Shell.run(
      "\(state) \(Machine.program) read -t 0 --alert-log \(folder.file("log")) \(Self.capture)")
    #expect(named.output.contains("All alerts are logged in \(folder.file("log"))"))
    let log = Shell.read(folder.file("log"))
    #expect(log.contains(" UTC rule=high-traffic ") && !log.contains(" host="), "\(log)")
  }

  @Test func `the same file always raises the same alerts`() {
    let rules =
      "--alert 'requests < 1/s over 10s' --alert 'max > 1ms over 20s min 1' --alert 'p50 > 1us min 1 site=tag.crsspxl.com'"
    let runs = (0..<2).map { _ in read("-t 0.5 --alert-log /dev/null --format json \(rules)").output }
    #expect(runs[0] == runs[1])
    #expect(runs[0].contains(#""rule":"high-p50","state":"raised""#))
    #expect(runs[0].contains(#""site":"tag.crsspxl.com","measure":"p50","unit":"seconds""#))
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `a site's failures raise an alert that other sites' do not`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: name,
      [
        "--interval", "1s", "--alert", "failures > 50% over 2s min 5 site=shop.example", "--alert",
        "failures > 50% over 2s min 5 site=blog.example name=blog",
      ])
    // Each command waits until the one before it was answered, so all of them are on the wire.
    Network.run(
      """
      for n in 1 2 3 4 5 6; do curl -s -o /dev/null -H 'Host: Shop.Example:80' http://10.77.0.2/fail; done
      for n in 1 2 3 4 5 6; do curl -s -o /dev/null -H 'Host: blog.example' http://10.77.0.2/; done
      """, in: client)
    #expect(monitor.waits(for: "High failure rate alert for shop.example recovered at: "))
    let ran = monitor.end()
    #expect(ran.output.contains("High failure rate for shop.example generated an alert - failures = "))
    #expect(ran.output.contains("\tPast high failure rate alert for shop.example started: "))
    #expect(!ran.output.contains("(blog)"))
    #expect(server.log.values.reduce(0, +) == 12)
  }
}
