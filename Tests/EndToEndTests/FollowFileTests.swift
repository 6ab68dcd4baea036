// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `read --follow`: the exchanges of capture files; no privilege needed.
@Suite struct FollowFileTests {
  static let made = JSONDocumentTests.root + "/Tests/Captures/made"

  static func read(_ arguments: String, _ capture: String) -> Ran {
    Shell.run("TZ=UTC \(Machine.program) read \(arguments) --port 80,8080 \(made)/\(capture)")
  }

  @Test func `people get columns, the odd cases marked`() {
    let ran = Self.read("--follow", "unanswered.pcap")
    #expect(ran.status == 0)
    #expect(
      ran.output == """
        2026-11-22 17:02:28.922 200     187us        2 10.78.0.1 GET raw.test/api
        2026-11-22 17:02:29.523 ---         -        - 10.78.0.1 GET raw.test/silent/1 (aborted)
        2026-11-22 17:02:29.832 ---         -        - 10.78.0.1 POST raw.test/silent/2 (aborted)

        """)
    #expect(ran.errors == "wiretally: 3 exchanges\n")
  }

  @Test func `statuses have colours where they are asked for, not on a pipe by themselves`() {
    #expect(!Self.read("--follow", "unanswered.pcap").output.contains("\u{1b}"))
    let colored = Self.read("--follow --color always", "unanswered.pcap").output
    #expect(colored.contains(" \u{1b}[32m200\u{1b}[0m ") && colored.contains(" \u{1b}[31m---\u{1b}[0m "))
  }

  @Test(
    .enabled(if: Machine.hasTerminals, "needs a user with root's rights, and tmux"),
    arguments: [
      ("", true), ("--color never", false), ("NO_COLOR=1", false), ("TERM=dumb", false),
    ])
  func `on a terminal statuses have colours by themselves`(setting: String, isColored: Bool) {
    let pane = TerminalPane(columns: 120)
    let (variable, option) = setting.hasPrefix("-") ? ("", setting) : (setting, "")
    pane.enter(
      "clear; \(variable) \(Machine.program) read --follow --port 80,8080 \(option) \(Self.made)/unanswered.pcap; echo ended $?"
    )
    #expect(pane.waits(for: "ended 0"), "\(pane.text)")
    // Blanks keep their colour in what tmux gives back.
    #expect(pane.styled.contains("\u{1b}[32m200") == isColored, "\(pane.styled)")
    #expect(pane.text.contains(" 200 "))
  }

  @Test func `a condition chooses the lines, and the rest is counted`() {
    let ran = Self.read("--follow --where 'path=/silent/* and not method=POST'", "unanswered.pcap")
    #expect(ran.output.split(separator: "\n").count == 1 && ran.output.contains("GET raw.test/silent/1"))
    #expect(ran.errors == "wiretally: 1 exchange, 2 not shown by --where\n")
    let wrong = Shell.attempt("\(Machine.program) read --follow --where 'status>abc' x")
    #expect(wrong.status == 64 && wrong.output.isEmpty)
    #expect(
      wrong.errors == """
        wiretally: --where: invalid status 'abc' (expected 503, or 5xx after = or !=)
          status>abc
                 ^^^
          hint: --where 'status>=500 and latency>200ms'

        """)
  }

  @Test func `a number of exchanges is all there is, and the end says so`() {
    for (options, count) in [("-c 1", 1), ("--count 2", 2), ("-c 9", 3)] {
      let ran = Self.read("--follow \(options)", "unanswered.pcap")
      let lines = ran.output.split(separator: "\n")
      #expect(ran.status == 0 && lines.count == count, "\(options): \(ran.output)")
      #expect(ran.errors == "wiretally: \(count) \(count == 1 ? "exchange" : "exchanges")\n")
    }
    // Those that are shown count.
    let chosen = Self.read("--follow -c 1 --where method=POST", "unanswered.pcap").output
    #expect(chosen.contains("POST raw.test/silent/2") && chosen.split(separator: "\n").count == 1)
    let object = Self.read("--format json --follow -c 1", "unanswered.pcap").output
    #expect(object.split(separator: "\n").count == 1)
  }

  @Test func `a packet with an absurd time moves no clock, and is reported`() {
    let capture = JSONDocumentTests.root + "/Tests/Captures/cases/one-bad-ts.pcap"
    let ran = Shell.run("TZ=UTC \(Machine.program) read --follow \(capture)")
    #expect(ran.status == 0)
    #expect(ran.errors.contains("wiretally: packets stamped hours away from those around them: 1; "))
    #expect(ran.errors.contains("wiretally: 10 exchanges\n"))
    #expect(!ran.output.contains("---"))
  }

  @Test func `an access log leaves out what has no request or no answer, and says so`() {
    let ran = Self.read("--format common", "unanswered.pcap")
    #expect(ran.output == "10.78.0.1 - - [22/Nov/2026:17:02:28 +0000] \"GET /api HTTP/1.1\" 200 2\n")
    #expect(ran.errors == "wiretally: 1 exchange, 2 without a request or an answer left out\n")
    let unmatchedResponses = Self.read("--format combined", "responses-only.pcap")
    #expect(unmatchedResponses.output.isEmpty)
    #expect(
      unmatchedResponses.errors == "wiretally: 0 exchanges, 9 without a request or an answer left out\n")
  }

  @Test(arguments: [
    "nginx-wrk.pcap", "apache-ab.pcap", "pipelining-50.pcap", "begun-in-the-middle.pcap", "odd-heads.pcap",
    "nginx-loss.pcap", "broken-requests.pcap", "interleaved.pcap", "vxlan.pcap",
  ])
  func `there are as many lines as the summary counts`(capture: String) throws {
    let summary = try #require(Lines(Self.read("--format json", capture).output).summary)
    let ran = Self.read("--follow --format json", capture)
    var outcomes: [String: Int] = [:]
    for line in ran.output.split(separator: "\n") {
      let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      outcomes[record?["outcome"] as? String ?? "?", default: 0] += 1
    }
    #expect(outcomes["answered", default: 0] == summary.exchanges)
    #expect(outcomes["aborted", default: 0] == summary.aborted)
    #expect(outcomes["timedOut", default: 0] == summary.timedOut)
    #expect(outcomes["unknown", default: 0] == summary.unknown)
    #expect(outcomes["inFlight", default: 0] == summary.inFlight)
    #expect(outcomes["unmatchedResponse", default: 0] == summary.unmatchedResponses)
    #expect(
      Self.read("--follow", capture).output.split(separator: "\n").count == outcomes.values.reduce(0, +))
  }

  @Test func `the same file always gives the same lines`() {
    let first = Self.read("--follow --format json", "interleaved.pcap")
    #expect(first.output == Self.read("--follow --format json", "interleaved.pcap").output)
    #expect(!first.output.isEmpty)
  }

  @Test func `what a pipe brings is shown before the pipe ends`() {
    let folder = Folder()
    let out = folder.file("out")
    let process = ChildProcess(
      [
        "/bin/sh", "-c",
        "(cat \(Self.made)/nginx-sites.pcap; read x) | exec \(Machine.program) read --follow - >\(out)",
      ], isFed: true)
    for _ in 0..<600 where Shell.read(out).split(separator: "\n").count < 7 { usleep(50_000) }
    #expect(process.isRunning)
    #expect(Shell.read(out).split(separator: "\n").count == 7)
    process.endInput()
    #expect(process.wait(seconds: 60))
    #expect(process.status == 0)
  }

  @Test func `a full disk is reported, with how many lines it cost`() {
    let ran = Shell.run(
      "\(Machine.program) read --follow \(Self.made)/nginx-sites.pcap >/dev/full")
    #expect(ran.status == 0)
    #expect(ran.errors.contains("no space left"), "\(ran.errors)")
    #expect(ran.errors.contains("0 exchanges, 7 not written"), "\(ran.errors)")
  }
}
