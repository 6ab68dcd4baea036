// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// The full screen in a real terminal, with real traffic, key by key.
@Suite(
  .serialized, .enabled(if: Machine.hasTerminals, "needs root, network namespaces, nginx, curl and tmux"))
struct ScreenTests {
  private let visited = VisitedServer()
  private var name: String { visited.name }
  private var client: String { visited.client }
  private var server: WebServer { visited.server }

  @Test func `an operator watches, sorts, filters, opens a site, follows and resets`() {
    let pane = TerminalPane()
    #expect(pane.watch(in: name, "--interval 2s --alert-window 2s"))
    #expect(pane.isAlternate && !pane.hasCursor)
    #expect(pane.waits(for: "Nothing yet. "), "\(pane.text)")
    visited.visit("google.com", "/a/b", times: 5)
    visited.visit("linkedin.com", "/nothing", times: 3)
    visited.visit("shop.example", "/fail")
    #expect(pane.waits(for: "9 requests"), "\(pane.text)")
    #expect(pane.text.contains("5 ok 56%") && pane.text.contains("4 failed 44%"), "\(pane.text)")
    #expect(pane.lines[0].contains("eBPF on all interfaces") && pane.lines[0].contains("no alert"))
    #expect(pane.text.contains("▶ google.com"))
    // Most visited in the last interval, and after it nothing.
    #expect(pane.waits(for: "no requests"), "\(pane.text)")

    sortAndFilter(pane)
    pane.press("j", "Enter")
    #expect(pane.waits(for: "3 requests, 33% of all"), "\(pane.text)")
    for words in ["linkedin.com", "/nothing", "404", "Latency (as seen on this host)", "3 answers"] {
      #expect(pane.text.contains(words), "\(words) is missing in:\n\(pane.text)")
    }
    pane.press("Escape")
    openLists(pane)
    follow(pane)
    // Totals are up to a second behind the list: what is counted before the reset is not counted after it.
    #expect(pane.waits(for: "5 failed"), "\(pane.text)")
    pane.press("z")
    #expect(pane.waits(for: "Reset totals?"))
    pane.press("y")
    #expect(pane.waits(for: " 0 requests"), "\(pane.text)")
    visited.visit("google.com", "/a/b", times: 2)
    #expect(pane.waits(for: " 2 requests"), "\(pane.text)")
    pane.press("e")
    #expect(pane.waits(for: "No failure in the last 1m"), "\(pane.text)")
    pane.press("e")

    pane.press("?")
    #expect(pane.waits(for: "wiretally: keys"))
    pane.press("x")
    #expect(pane.waits { !$0.contains("wiretally: keys") })
    pane.press("q")
    #expect(pane.waits(for: "ended 0"), "\(pane.text)")
    #expect(!pane.isAlternate && pane.hasCursor && pane.isModeRestored)
    #expect(
      pane.history.contains("Summary from") && pane.history.contains("Total Requests: 2"), "\(pane.history)")
  }

  /// Orders the sites by failures and back, and filters them.
  private func sortAndFilter(_ pane: TerminalPane) {
    pane.press("s", "s")
    #expect(pane.waits(for: "failed▼"), "\(pane.text)")
    // Nothing was selected: the keys are on the first row.
    #expect(pane.waits(for: "▶ linkedin.com"), "\(pane.text)")
    let order = pane.lines.filter { $0.contains("google.com") || $0.contains("linkedin.com") }
    #expect(order.first?.contains("linkedin.com") == true, "\(pane.text)")
    pane.press("S")
    #expect(pane.waits(for: "failed▲"))
    pane.press("1", "S")
    #expect(pane.waits(for: "requests▼"))

    pane.press("/", "s", "h", "o", "p")
    #expect(pane.waits(for: "Sites 1 of 3 with 'shop'"), "\(pane.text)")
    #expect(!pane.text.contains("linkedin.com"))
    pane.press("Escape")
    #expect(pane.waits(for: "linkedin.com"))
  }

  /// Opens the lists of failures, of the slowest exchanges and of clients.
  private func openLists(_ pane: TerminalPane) {
    // What failed before anybody looked is there, and all that is known of it.
    pane.press("e")
    #expect(pane.waits(for: "Last failures"), "\(pane.text)")
    let failed = pane.lines.filter { $0.contains("/fail") || $0.contains("/nothing") }
    #expect(failed.count == 4 && failed.first?.contains(" 503 ") == true, "\(pane.text)")
    pane.press("Enter")
    #expect(pane.waits(for: "GET /fail HTTP/1.1"), "\(pane.text)")
    pane.press("Escape", "t")
    #expect(pane.waits(for: "Slowest exchanges"), "\(pane.text)")
    #expect(pane.text.contains("9 kept") && pane.text.contains("/a/b"), "\(pane.text)")
    pane.press("Escape", "c")
    #expect(pane.waits { $0.contains("Clients") && $0.contains("10.77.0.1") }, "\(pane.text)")
    pane.press("Escape")
  }

  /// Follows single exchanges, looks into one, and goes back.
  private func follow(_ pane: TerminalPane) {
    pane.press("l")
    #expect(pane.waits(for: "Latest exchanges"))
    // The workers note single exchanges from now on: until they do, there is one more to ask for.
    for _ in 0..<50 where !pane.text.contains("/made") {
      visited.visit("google.com", "/made?x=1", times: 1, "-X POST")
    }
    #expect(pane.waits(for: "google.com   /made?x=*"), "\(pane.text)")
    #expect(pane.text.contains("10.77.0.1") && pane.text.contains("POST") && pane.text.contains("201"))
    visited.visit("google.com", "/fail")
    #expect(pane.waits { $0.contains("/fail") && $0.contains(" 503 ") }, "\(pane.text)")
    #expect(pane.lines.first { $0.contains("/fail") }?.hasPrefix("!") == true)
    pane.press("Enter")
    #expect(pane.waits(for: "curl/"), "\(pane.text)")
    #expect(pane.text.contains("GET /fail HTTP/1.1") && pane.text.contains("port 80"), "\(pane.text)")
    pane.press("Escape")
    #expect(pane.waits(for: "Latest exchanges"), "\(pane.text)")
    pane.press("Escape")
  }

  @Test func `tables are of the window that w chooses, and what failed fades`() {
    let pane = TerminalPane()
    #expect(pane.watch(in: name, "--window 5m"))
    visited.visit("shop.example", "/fail", times: 3)
    #expect(pane.waits(for: "last 5m: 3 requests"), "\(pane.text)")
    #expect(pane.text.contains("Sites (last 5m)") && pane.text.contains("req/s"), "\(pane.text)")
    pane.press("e")
    #expect(pane.waits { $0.contains("Last failures (last 5m)") && $0.contains("3 kept") }, "\(pane.text)")
    pane.press("t")
    #expect(
      pane.waits { $0.contains("Slowest exchanges (last 5m)") && $0.contains("3 kept") }, "\(pane.text)")
    pane.press("t", "w", "w")
    #expect(pane.waits(for: "Sites (all)"), "\(pane.text)")
    #expect(!pane.text.contains("last 5m") && pane.text.contains("3 failed 100%"), "\(pane.text)")
    pane.press("w")
    // Whenever that was: ten seconds after the requests none of them is in the window, and the site is not listed.
    #expect(pane.waits(for: "last 10s: 0 requests"), "\(pane.text)")
    #expect(
      pane.text.contains("No request in the last 10s") && !pane.text.contains("▶ shop.example"),
      "\(pane.text)"
    )
    pane.press("e")
    #expect(pane.waits(for: "No failure in the last 10s; w: a longer time."), "\(pane.text)")
    pane.press("e", "t")
    #expect(pane.waits(for: "No answered exchange in the last 10s"), "\(pane.text)")
    visited.visit("shop.example", "/echo")
    #expect(
      pane.waits { $0.contains("Slowest exchanges (last 10s)") && $0.contains("1 kept") }, "\(pane.text)")
    pane.press("t")
    #expect(pane.waits(for: "last 10s: 1 requests"), "\(pane.text)")
    #expect(pane.text.contains("1 ok 100%") && pane.text.contains("0 failed"), "\(pane.text)")
    pane.press("w")
    #expect(pane.waits(for: "last 1m: 4 requests"), "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "ended 0"))
    #expect(pane.history.contains("Total Requests: 4"), "\(pane.history)")
  }

  @Test func `each line that is reported before the first picture begins at the left`() {
    let pane = TerminalPane(columns: 160)
    #expect(pane.watch(in: name))
    pane.press("q")
    #expect(pane.waits(for: "ended 0"))
    let reported = pane.history.split(separator: "\n").filter { $0.contains("wiretally: ") }
    #expect(reported.contains { $0.hasPrefix("wiretally: capturing on all interfaces") }, "\(reported)")
    #expect(reported.allSatisfy { $0.hasPrefix("wiretally: ") }, "\(reported)")
    #expect(pane.isModeRestored)
  }

  @Test func `a pause freezes the display and counting continues`() {
    let pane = TerminalPane()
    #expect(pane.watch(in: name))
    visited.visit("google.com", "/echo")
    #expect(pane.waits(for: "1 requests"))
    pane.press("p")
    #expect(pane.waits(for: "PAUSED"))
    visited.visit("google.com", "/echo", times: 4)
    server.waitForLog(5)
    // Whole seconds in which a picture would have been drawn.
    usleep(2_500_000)
    #expect(pane.text.contains(" 1 requests"), "\(pane.text)")
    pane.press("Space")
    #expect(pane.waits(for: " 5 requests"), "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "ended 0"))
  }

  @Test func `an alert is on the screen from its rising to its end, and in the history after it`() {
    let pane = TerminalPane()
    #expect(pane.watch(in: name, "-t 4 --interval 1s --alert-window 2s"))
    visited.visit("google.com", "/echo", times: 40)
    #expect(pane.waits(for: "ALERT since"), "\(pane.text)")
    #expect(
      pane.waits { $0.contains("FIRING") && $0.contains("> 4") && $0.contains("alert above 4") },
      "\(pane.text)")
    #expect(pane.waits { $0.contains("no alert") && $0.contains(" to ") }, "\(pane.text)")
    pane.press("q")
    #expect(pane.waits { _ in pane.history.contains("Past alert started") }, "\(pane.history)")
  }

  @Test func `hostile names stay where they are`() {
    let pane = TerminalPane()
    #expect(pane.watch(in: name))
    Network.run(
      """
      bash -c 'exec 3<>/dev/tcp/10.77.0.2/80; printf "GET /\\033[2J\\033]0;owned\\007 HTTP/1.1\\r\\nHost: \\033[31mred\\033[1;1H\\r\\n\\r\\n" >&3; cat <&3'
      """, in: client)
    #expect(pane.waits(for: #"\x1b[31mred\x1b[1;1h"#), "\(pane.text)")
    #expect(pane.lines[0].contains("req/s"), "\(pane.text)")
    pane.press("Enter")
    // As far as the parameters of the segment.
    #expect(pane.waits(for: #" /\x1b[2J\x1b]0 "#), "\(pane.text)")
  }

  @Test func `every size is fine, also under load and while it changes`() {
    let pane = TerminalPane()
    #expect(pane.watch(in: name))
    let load = ChildProcess([
      "ip", "netns", "exec", client, "sh", "-c",
      "timeout 60 sh -c 'while :; do curl -s -o /dev/null -H Host:google.com http://10.77.0.2/[1-50]; done'",
    ])
    defer { load.send(SIGTERM) }
    for (columns, rows) in [(40, 8), (1, 1), (200, 60), (2, 24), (80, 1), (60, 15), (13, 3), (120, 40)] {
      pane.resize(columns: columns, rows: rows)
      usleep(150_000)
    }
    pane.resize(columns: 40, rows: 8)
    #expect(
      pane.waits { $0.contains("req/s") && $0.contains("google") && !$0.contains("Methods") }, "\(pane.text)")
    pane.resize(columns: 130, rows: 40)
    #expect(
      pane.waits { $0.contains("Methods") && $0.contains("Statuses") && $0.contains("Answers/s") },
      "\(pane.text)")
    pane.resize(columns: 80, rows: 24)
    #expect(pane.waits { $0.contains("GET 100%") && $0.contains("q quit") }, "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "ended 0"))
  }

  @Test(arguments: [
    ("xterm", "▶ google.com"), ("screen", "▶ google.com"), ("linux", "► google.com"),
    ("vt100", "> google.com"),
    ("tmux-256color", "▶ google.com"),
  ])
  func `terminals that can draw get the screen`(type: String, row: String) {
    Shell.run("infocmp \(type)")
    let pane = TerminalPane(type: type)
    #expect(pane.watch(in: name))
    visited.visit("google.com", "/echo", times: 2)
    #expect(pane.waits(for: row), "\(pane.text)")
    if type == "vt100" { #expect(pane.isASCII, "\(pane.text)") }
    pane.press("Down", "Enter")
    #expect(pane.waits(for: "Latency (as seen on this host)"), "\(pane.text)")
    pane.press("Escape")
    #expect(pane.waits(for: row))
    pane.press("q")
    #expect(pane.waits(for: "ended 0"), "\(pane.text)")
    #expect(pane.isModeRestored)
  }

  @Test(arguments: [
    ("dumb", "cannot draw a screen"), ("", "TERM is not set"), ("nonsense", "'nonsense' is not known"),
  ])
  func `terminals that cannot get pages, and print why`(type: String, reason: String) {
    let pane = TerminalPane()
    pane.enter(type.isEmpty ? "unset TERM" : "export TERM=\(type)")
    #expect(
      pane.watch(in: name, "--interval 1s --alert-window 1s", waitFor: "Total Requests:"), "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "ended 0"), "\(pane.text)")
    pane.enter(
      "clear; ip netns exec \(name) \(Machine.program) -t 1 --alert-log /dev/null --duration 200ms 2>&1 | cat; echo \"piped $?\""
    )
    // While it runs it reads the keys: what is typed before its end is lost.
    #expect(pane.waits { $0.contains("Summary from") && $0.contains("piped 0") })
    pane.enter("clear; \(Machine.program) -t 1 --format screen 2>&1 | fold -w 70; echo \"over $?\"")
    #expect(pane.waits(for: "over 0"))
    pane.enter("clear; \(Machine.program) -t 1 --format screen; echo \"ended $?\"")
    #expect(
      pane.waits { $0.contains("ended 64") && $0.replacingOccurrences(of: "\n", with: "").contains(reason) },
      "\(pane.text)")
  }

  @Test(arguments: [("C", ""), ("POSIX", ""), ("C.UTF-8", "--ascii")])
  func `ASCII characters alone where the locale or the operator says so`(locale: String, option: String) {
    let pane = TerminalPane(locale: locale)
    #expect(pane.watch(in: name, option))
    visited.visit("google.com", "/echo", times: 2)
    #expect(pane.waits(for: "> google.com"), "\(pane.text)")
    #expect(pane.isASCII, "\(pane.text)")
  }

  @Test func `a locale that is not installed here does not matter`() {
    let pane = TerminalPane(locale: "xx_YY.UTF-8")
    #expect(pane.watch(in: name))
    visited.visit("google.com", "/echo", times: 2)
    #expect(pane.waits(for: "▶ google.com"), "\(pane.text)")
  }

  @Test(arguments: [
    ("", "", true), ("NO_COLOR=1", "", false), ("NO_COLOR=", "", true),
    ("NO_COLOR=1", "--color always", true),
    ("", "--color never", false),
  ])
  func `colours come and go as NO_COLOR and --color say`(variable: String, option: String, isColored: Bool) {
    let pane = TerminalPane()
    if !variable.isEmpty { pane.enter("export \(variable)") }
    #expect(pane.watch(in: name, option))
    visited.visit("google.com", "/nothing", times: 2)
    #expect(pane.waits(for: "google.com"))
    let hasColor =
      pane.styled.range(of: "\u{1b}\\[[0-9;]*(3[0-7]|38;5)[0-9;]*m", options: .regularExpression) != nil
    #expect(hasColor == isColored, "\(pane.styled)")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGKILL, SIGSEGV, SIGABRT, SIGILL])
  func `whatever ends it, the terminal is as before`(signal: Int32) throws {
    let pane = TerminalPane()
    #expect(pane.watch(in: name))
    let process = try #require(pane.watcher)
    kill(process, signal)
    let status = signal == SIGTERM || signal == SIGINT ? 0 : 128 + signal
    #expect(pane.waits(for: "ended \(status)"), "\(pane.text)")
    #expect(pane.isModeRestored)
    for _ in 0..<100 where pane.isAlternate || !pane.hasCursor { usleep(50_000) }
    #expect(!pane.isAlternate && pane.hasCursor)
  }

  @Test func `ctrl-z gives the terminal to the shell, and fg brings the screen back`() {
    let pane = TerminalPane()
    #expect(pane.watch(in: name))
    pane.press("C-z")
    #expect(pane.waits(for: "Stopped"), "\(pane.text)")
    #expect(!pane.isAlternate && pane.hasCursor)
    pane.enter("fg")
    #expect(pane.waits { $0.contains("req/s") && $0.contains("q quit") }, "\(pane.text)")
    #expect(pane.isAlternate)
    pane.press("q")
    #expect(pane.waits { _ in pane.history.contains("Summary from") }, "\(pane.history)")
  }

  @Test func `a terminal that goes away ends it`() throws {
    let pane = TerminalPane()
    #expect(pane.watch(in: name))
    let process = try #require(pane.watcher)
    pane.vanish()
    for _ in 0..<400 where kill(process, 0) == 0 && !Shell.read("/proc/\(process)/stat").contains(") Z") {
      usleep(50_000)
    }
    #expect(kill(process, 0) != 0 || Shell.read("/proc/\(process)/stat").contains(") Z"))
  }
}
