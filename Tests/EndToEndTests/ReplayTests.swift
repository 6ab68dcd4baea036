// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// What `--history` keeps is what was shown, and `replay` shows it again.
@Suite(.serialized) struct ReplayTests {
  private let folder = Folder()
  private var file: String { folder.file("history") }
  private static let captures = [
    "pcapplusplus-tutorial.pcap", "pcapplusplus-keepalive.pcap", "zeek-get.pcap",
  ].map { "\(JSONDocumentTests.root)/Tests/Captures/\($0)" }

  private func read(_ options: String, _ capture: String = captures[1]) -> String {
    Shell.run("\(Machine.program) read \(options) --history \(file) \(capture)").output
  }

  private func replay(_ options: String) -> Ran {
    Shell.attempt("\(Machine.program) replay \(options) \(file)")
  }

  /// The objects of JSON lines, without members that a history does not have.
  private static func objects(_ output: String) throws -> [NSDictionary] {
    try output.split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      var known = try #require(object)
      for name in ["deliveries", "warnings", "outputDropped"] { known[name] = nil }
      return known as NSDictionary
    }
  }

  @Test(arguments: captures)
  func `replay prints the intervals, alerts and the summary that read has printed`(capture: String) throws {
    let rules =
      "-t 1/s --alert 'requests > 2 over 10s' --alert 'p50 > 1us min 1' --alert 'failures > 1% min 1'"
    let shown = read("--format json \(rules)", capture)
    let again = replay("--format json")
    #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
    let (first, second) = (try Self.objects(shown), try Self.objects(again.output))
    #expect(first.count == second.count && first.count >= 2)
    for (own, other) in zip(first, second) { #expect(own == other) }
    #expect(again.output.split(separator: "\n").dropLast() == shown.split(separator: "\n").dropLast())
  }

  @Test func `pages are those that read has printed`() {
    let shown = read("--format page -t 1")
    #expect(replay("--format page").output == shown)
    #expect(shown.contains("Summary from"))
  }

  @Test func `the next run continues the file, and a time chooses what is shown`() throws {
    let first = Lines(read("--format json", Self.captures[0]))
    let printed = read("--format json")
    let second = Lines(printed)
    let all = Lines(replay("--format json").output)
    #expect(all.intervals.count == first.intervals.count + second.intervals.count)
    let requests = (first.summary?.requests ?? 0) + (second.summary?.requests ?? 0)
    #expect(all.summary?.requests == requests && requests > 0)
    let begin = try #require(try Self.objects(printed).first?["start"] as? String)
    let later = Lines(replay("--format json --from \(begin)").output)
    #expect(later.summary?.requests == second.summary?.requests)
    let earlier = Lines(replay("--format json --to \(begin)").output)
    #expect(earlier.summary?.requests == first.summary?.requests)
    let none = replay("--format json --from 2200-01-01")
    #expect(none.status == 0 && none.output.isEmpty && none.errors.contains("no interval of"))
  }

  @Test func `what is torn is reported, and the rest is shown`() throws {
    let shown = Lines(read("--format json"))
    Shell.run("truncate -s -5 \(file)")
    let torn = replay("--format json")
    #expect(torn.status == 65 && torn.errors.contains("the last record is torn"), "\(torn.errors)")
    #expect(Lines(torn.output).intervals.count == shown.intervals.count - 1)
    // The next run cuts it, says so, and continues.
    let next = Shell.run("\(Machine.program) read --format json --history \(file) \(Self.captures[0])")
    #expect(next.errors.contains("were cut off"), "\(next.errors)")
    let whole = replay("--format json")
    #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole.errors)")
    let more = Lines(next.output).intervals.count
    #expect(Lines(whole.output).intervals.count == shown.intervals.count - 1 + more)
  }

  @Test func `what is no history is refused and left as it is`() {
    Shell.run("cp \(Self.captures[0]) \(file)")
    let before = Shell.run("cksum <\(file)").output
    let read = Shell.attempt("\(Machine.program) read --history \(file) \(Self.captures[0])")
    #expect(read.status == 65 && read.errors.contains("is no history of wiretally"), "\(read.errors)")
    let again = replay("")
    #expect(again.status == 65 && again.errors.contains("is no history of wiretally"), "\(again.errors)")
    #expect(Shell.run("cksum <\(file)").output == before)
    Shell.run("rm \(file)")
    #expect(replay("").status == 66)
  }
}

/// A watch that keeps its intervals, and a screen that steps back to them.
@Suite(
  .serialized, .enabled(if: Machine.hasTerminals, "needs root, network namespaces, nginx, curl and tmux"))
struct HistoryScreenTests {
  private let folder = Folder()
  private let visited = VisitedServer()
  private var name: String { visited.name }

  init() {
    // For the user that the watch becomes.
    Shell.run("chmod 777 \(folder.path)")
  }

  @Test func `the screen steps back before a restart of the watch, and to now again`() throws {
    let history = folder.file("history")
    let options = "--interval 1s --alert-window 1s --history \(history)"
    let monitor = Monitor(in: name, ["--format", "json"] + options.split(separator: " ").map(String.init))
    visited.visit("before.example", times: 7)
    // Until it is in an interval that is over, and so in the file.
    for _ in 0..<600 where !monitor.output.contains("before.example") { usleep(50_000) }
    let refused = Shell.attempt(
      "ip netns exec \(name) \(Machine.program) --no-alert --history \(history) --duration 1s")
    #expect(refused.status == 70 && refused.errors.contains("another wiretally appends"), "\(refused.errors)")
    let shown = monitor.end()
    #expect(Lines(shown.output).summary?.requests == 7)
    let replayed = Shell.run("\(Machine.program) replay --format json \(history)").output
    #expect(Lines(replayed).summary?.requests == 7)

    let pane = TerminalPane(columns: 140, rows: 40)
    #expect(pane.watch(in: name, options))
    #expect(pane.waits(for: "eBPF on all interfaces"), "\(pane.text)")
    #expect(!pane.text.contains("before.example"))
    // The new watch has intervals of its own meanwhile; sixty back is further than both.
    var isShown = false
    for _ in 0..<60 where !isShown {
      pane.press("[")
      usleep(200_000)
      isShown = pane.text.contains("before.example")
    }
    #expect(isShown && pane.lines[0].contains("ago, 0 for now"), "\(pane.text)")
    #expect(pane.text.contains("7 requests"), "\(pane.text)")
    pane.press("0")
    #expect(pane.waits { !$0.contains("for now") && !$0.contains("before.example") }, "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "ended 0"), "\(pane.text)")
  }

  @Test func `replay begins at the last interval, and steps through all of them`() throws {
    let history = folder.file("history")
    let captures = "\(JSONDocumentTests.root)/Tests/Captures"
    Shell.run("\(Machine.program) read --history \(history) \(captures)/pcapplusplus-keepalive.pcap")
    let summary = try #require(
      Lines(Shell.run("\(Machine.program) replay --format json \(history)").output).summary)
    let pane = TerminalPane(columns: 140, rows: 40)
    pane.enter("\(Machine.program) replay --window all \(history); echo status $?")
    #expect(pane.waits(for: "\(summary.requests) requests"), "\(pane.text)")
    let first = pane.lines[0]
    #expect(first.contains("file on "), "\(first)")
    pane.press("[")
    #expect(pane.waits { $0.split(separator: "\n").first.map(String.init) != first }, "\(pane.text)")
    pane.press("]")
    #expect(pane.waits { $0.split(separator: "\n").first.map(String.init) == first }, "\(pane.text)")
    pane.press("?")
    #expect(pane.waits(for: "an interval back in time"), "\(pane.text)")
    // The first key closes the help.
    pane.press("q")
    #expect(pane.waits { !$0.contains("an interval back in time") }, "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "status 0"), "\(pane.text)")
    #expect(pane.history.contains("Total Requests: \(summary.requests)"), "\(pane.history)")
  }

  @Test func `ctrl-c ends a replay that is still reading`() {
    let history = folder.file("history")
    Shell.run(
      "\(Machine.program) read --history \(history) \(JSONDocumentTests.root)/Tests/Captures/zeek-get.pcap")
    // A hole that takes minutes to search for records, and no space.
    Shell.run("truncate -s 256G \(history)")
    let pane = TerminalPane(columns: 100, rows: 30)
    pane.enter("\(Machine.program) replay \(history); echo status $?")
    // Until the program has taken the signal over, it is the system's.
    let caught =
      "grep -q '^SigCgt:.*[2367abef]$' /proc/$(pgrep -oxf '\(Machine.program) replay \(history)')/status"
    for _ in 0..<200 where Shell.attempt(caught).status != 0 { usleep(50_000) }
    pane.press("C-c")
    #expect(pane.waits(for: "status 0"), "\(pane.text)")
  }
}
