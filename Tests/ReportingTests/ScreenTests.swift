// SPDX-License-Identifier: Apache-2.0
import Text
import Alerting
import Capture
import Foundation
import Owners
import Reporting
import Screen
import Statistics
import Testing

/// The screen drawn into memory and compared as text with the files in `Screens`.
///
/// `WIRETALLY_RECORD=1 swift test --filter ScreenTests` writes the files again: read the difference before
/// it is committed.
@Suite struct ScreenTests {
  static func draw(
    _ content: ScreenContent = ScreenSamples.content, _ state: ScreenState = ScreenState(), rows: Int,
    columns: Int, glyphs: Glyphs = .fine
  ) -> (grid: CellGrid, map: ScreenMap) {
    let grid = CellGrid(rows: rows, columns: columns)
    var painter = ScreenPainter(content, state, glyphs: glyphs, zone: .fixed(0))
    painter.draw(on: grid)
    return (grid, painter.map)
  }

  /// Compares a picture with the one on file.
  static func expect(
    _ grid: CellGrid, is name: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Screens")
    let file = folder.appendingPathComponent(name + ".txt")
    if ProcessInfo.processInfo.environment["WIRETALLY_RECORD"] != nil {
      try grid.text.write(to: file, atomically: true, encoding: .utf8)
    }
    let wanted = try String(contentsOf: file, encoding: .utf8)
    #expect(grid.text == wanted, "\(name) is now:\n\(grid.text)", sourceLocation: location)
    #expect(grid.outside == 0, sourceLocation: location)
  }

  @Test(arguments: [(24, 80), (8, 40), (15, 60), (36, 120), (50, 200), (5, 30)])
  func `the overview`(rows: Int, columns: Int) throws {
    try Self.expect(Self.draw(rows: rows, columns: columns).grid, is: "overview-\(columns)x\(rows)")
  }

  @Test(arguments: [(24, 80), (8, 40), (40, 120)])
  func `the overview of a window`(rows: Int, columns: Int) throws {
    try Self.expect(
      Self.draw(ScreenSamples.lastMinute, rows: rows, columns: columns).grid,
      is: "overview-minute-\(columns)x\(rows)")
  }

  @Test func `tables of a window without traffic say so`() {
    var content = ScreenSamples.lastMinute
    content.windowed = (.tenSeconds, Snapshot())
    var state = ScreenState()
    func text() -> String { Self.draw(content, state, rows: 24, columns: 80).grid.text }
    #expect(text().contains("No request in the last 10s; w: a longer time."))
    #expect(text().contains("last 10s: 0 requests"))
    state.view = .clients
    #expect(text().contains("No client in the last 10s."))
    content.windowed?.numbers.owners = []
    state.view = .owners(.server)
    #expect(text().contains("No exchange has ended in the last 10s."))
    content.site = nil
    state.view = .site("google.com")
    #expect(text().contains("no request in the last 10s"))
  }

  @Test func `the slowest exchanges and the last failures`() throws {
    var state = ScreenState()
    state.view = .slowest
    try Self.expect(Self.draw(ScreenSamples.content, state, rows: 24, columns: 80).grid, is: "slowest-80x24")
    state.view = .failures
    try Self.expect(Self.draw(ScreenSamples.content, state, rows: 24, columns: 80).grid, is: "failures-80x24")
    let empty = ScreenContent(label: Samples.label, interval: 1)
    #expect(Self.draw(empty, state, rows: 24, columns: 80).grid.text.contains("No failure yet."))
    state.view = .slowest
    #expect(Self.draw(empty, state, rows: 24, columns: 80).grid.text.contains("No answered exchange yet."))
  }

  @Test(arguments: [(24, 80), (12, 140), (8, 40)])
  func `the clients`(rows: Int, columns: Int) throws {
    var state = ScreenState()
    state.view = .clients
    state.selectedClient = "198.51.100.200"
    try Self.expect(
      Self.draw(ScreenSamples.content, state, rows: rows, columns: columns).grid,
      is: "clients-\(columns)x\(rows)")
  }

  @Test(arguments: [(24, 80), (40, 120), (8, 40), (12, 200)])
  func `the processes that serve, and those that ask`(rows: Int, columns: Int) throws {
    var state = ScreenState()
    for (role, name) in [(OwnerCounts.Role.server, "owners"), (.client, "owners-clients")] {
      state.view = .owners(role)
      state.selectedOwner = "python3  docker:0123456789ab"
      try Self.expect(
        Self.draw(ScreenSamples.content, state, rows: rows, columns: columns).grid,
        is: "\(name)-\(columns)x\(rows)")
    }
  }

  @Test(arguments: [(24, 80), (8, 40)])
  func `a site says who served it`(rows: Int, columns: Int) {
    var state = ScreenState(), content = ScreenSamples.content
    state.view = .site("google.com")
    let text = { Self.draw(content, state, rows: rows, columns: columns).grid.text }
    #expect(!text().contains("served by"))
    var owners = [
      SiteOwner(process: OwnerProcess(owner: Owner(process: "nginx", unit: "nginx.service"))),
      SiteOwner(process: OwnerProcess(owner: Owner(process: "python3"))), SiteOwner(process: nil),
    ]
    (owners[0].requests, owners[1].requests, owners[2].requests) = (90, 9, 1)
    content.life.sites[0].owners = owners
    #expect(text().contains("served by nginx  nginx.service  90"))
    #expect(text().contains("python3  9") == (columns == 80))
    // Where nobody is known there is nothing to say.
    content.life.sites[0].owners = [owners[2]]
    #expect(!text().contains("served by"))
  }

  @Test func `without processes, or where the filter hides all, their table says why it is empty`() {
    var state = ScreenState()
    state.view = .owners(.server)
    var content = ScreenSamples.content
    func text() -> String { Self.draw(content, state, rows: 24, columns: 80).grid.text }
    state.filter = "apache"
    #expect(text().contains("No process contains 'apache'."))
    (content.life.owners, state.filter) = ([], "")
    #expect(text().contains("No exchange has ended yet."))
    content.life.owners = nil
    #expect(text().contains("Processes are not known: it takes eBPF, cap_perfmon, and no --no-owners."))
  }

  @Test func `without clients, or where the filter hides all, the table of clients says so`() {
    var state = ScreenState()
    state.view = .clients
    var content = ScreenSamples.content
    state.filter = "203.0.113."
    #expect(
      Self.draw(content, state, rows: 24, columns: 80).grid.text.contains("No client contains '203.0.113.'."))
    content.life.clients = []
    state.filter = ""
    #expect(Self.draw(content, state, rows: 24, columns: 80).grid.text.contains("No client yet."))
  }

  @Test func `loss before any capture is a line of the overview, and no count is at least for it`() {
    var content = ScreenSamples.content
    content.life.capture.backlogDropped = 0
    #expect(Self.draw(content, rows: 24, columns: 80).grid.text == Self.draw(rows: 24, columns: 80).grid.text)
    content.life.capture.backlogDropped = 123
    let text = Self.draw(content, rows: 24, columns: 80).grid.text
    #expect(
      text.contains(" ! 123 packets dropped in the kernel's backlog before capture (whole machine)"),
      "\(text)")
    #expect(!text.contains("at least"))
    content.life.capture.nicMissed = 1
    content.notices = ["interface eth0 is down"]
    let both = Self.draw(content, rows: 24, columns: 80).grid.text
    #expect(both.contains(" ! interface eth0 is down") && both.contains(" ! 123 packets"), "\(both)")
  }

  @Test func `the overview in ASCII`() throws {
    let grid = Self.draw(rows: 24, columns: 80, glyphs: .ascii).grid
    try Self.expect(grid, is: "overview-80x24-ascii")
    #expect(grid.text.utf8.allSatisfy { $0 == 10 || ($0 >= 32 && $0 < 127) })
  }

  @Test func `the overview with the Linux console's characters`() throws {
    let grid = Self.draw(rows: 24, columns: 80, glyphs: .console).grid
    try Self.expect(grid, is: "overview-80x24-console")
  }

  @Test(arguments: [(24, 80), (8, 40), (40, 140)])
  func `a look into a site`(rows: Int, columns: Int) throws {
    var state = ScreenState()
    state.view = .site("google.com")
    try Self.expect(
      Self.draw(ScreenSamples.content, state, rows: rows, columns: columns).grid,
      is: "site-\(columns)x\(rows)")
  }

  @Test(arguments: [(24, 80), (10, 40), (30, 120)])
  func `gRPC methods of a site, with the names of what failed`(rows: Int, columns: Int) throws {
    var content = ScreenSamples.content
    var add = CallCounts(name: "/shop.Cart/Add"), list = CallCounts(name: "/shop.Cart/List")
    (add.requests, add.successes, add.failures) = (12_000, 11_000, 990)
    add.statuses = [("OK", 11_000), ("DEADLINE_EXCEEDED", 90), ("UNAVAILABLE", 900)].map {
      NamedCount(name: $0.0, count: $0.1)
    }
    add.unanswered.aborted = 10
    (add.latency.count, add.latency.p99) = (11_990, 182_000_000)
    (list.requests, list.successes, list.statuses) = (3, 3, [NamedCount(name: "OK", count: 3)])
    content.life.sites[0].calls = [add, list]
    var state = ScreenState()
    state.view = .site("google.com")
    try Self.expect(
      Self.draw(content, state, rows: rows, columns: columns).grid, is: "site-grpc-\(columns)x\(rows)")
  }

  @Test(arguments: [(24, 80), (8, 40), (20, 140)])
  func `the live list`(rows: Int, columns: Int) throws {
    var state = ScreenState()
    state.view = .live(site: nil)
    try Self.expect(
      Self.draw(ScreenSamples.content, state, rows: rows, columns: columns).grid,
      is: "live-\(columns)x\(rows)")
  }

  @Test(arguments: [(24, 80), (8, 40)])
  func `a look into an exchange`(rows: Int, columns: Int) throws {
    var state = ScreenState()
    state.view = .exchange(ScreenSamples.exchanges[12], site: nil)
    try Self.expect(
      Self.draw(ScreenSamples.content, state, rows: rows, columns: columns).grid,
      is: "exchange-\(columns)x\(rows)")
  }

  @Test func `a look into what failed says how, of a call of gRPC by its own status`() {
    func shown(_ line: ExchangeLine) -> [String] {
      var state = ScreenState()
      state.view = .exchange(line, site: nil)
      return Self.draw(ScreenSamples.content, state, rows: 24, columns: 80).grid.lines
    }
    var call = ScreenSamples.exchanges[1]
    #expect(call.status == 200 && !call.isFailure)
    (call.call, call.isFailure) = ("UNAVAILABLE", true)
    let lines = shown(call)
    #expect(lines[1].contains("failed"))
    #expect(lines.contains { $0.hasPrefix(" gRPC       UNAVAILABLE") }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix(" served by  nginx (nginx.service, pid 812)") }, "\(lines)")
    let given = ScreenSamples.exchanges[3]
    #expect(
      given.status == 0 && shown(given).contains { $0.hasPrefix(" status     no answer (client closed)") })
  }

  @Test(arguments: [(24, 80), (8, 40)])
  func `the help`(rows: Int, columns: Int) throws {
    var state = ScreenState()
    state.mode = .help
    try Self.expect(
      Self.draw(ScreenSamples.content, state, rows: rows, columns: columns).grid,
      is: "help-\(columns)x\(rows)")
  }

  @Test func `a quiet screen says why it is quiet`() throws {
    var content = ScreenContent(
      label: CaptureLabel(backend: "eBPF", source: "eth0", ports: "80"), interval: 10 * Samples.second)
    content.now = Samples.start
    content.notices = ["interface eth0 has been down since Tue; not capturing"]
    try Self.expect(Self.draw(content, rows: 24, columns: 80).grid, is: "quiet-80x24")
  }

  @Test func `at every size each view is drawn inside, in characters of one column`() {
    var content = ScreenSamples.content
    content.notices = ["cannot write \u{1b}[2J/var/log/é/\u{202e}alerts.log", "two", "three"]
    content.label.source = "a\u{9b}2J é\n.pcap"
    content.alerts.items[0].text = "\u{1b}[31m"
    let fine = Set(Glyphs.fine.columns + Glyphs.fine.bars + Glyphs.fine.corners)
      .union([
        Glyphs.fine.rule, Glyphs.fine.divider, Glyphs.fine.axis, Glyphs.fine.threshold, Glyphs.fine.mark,
        Glyphs.fine.dot,
      ])
      .union([Glyphs.fine.descending, Glyphs.fine.ascending, Glyphs.fine.pointer])
    var views: [ScreenState] = []
    for view in [
      ScreenState.View.overview, .site("google.com"), .site(ScreenSamples.hostile), .live(site: nil),
      .live(site: "google.com"), .exchange(ScreenSamples.exchanges[2], site: nil),
    ] {
      for mode in [ScreenState.Mode.normal, .help, .filter, .reset] {
        var state = ScreenState()
        (state.view, state.mode) = (view, mode)
        views.append(state)
      }
    }
    for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 17, 23, 33, 60] {
      for columns in [1, 2, 3, 5, 9, 14, 20, 39, 55, 56, 79, 111, 112, 113, 250] {
        for state in views {
          let grid = Self.draw(content, state, rows: rows, columns: columns).grid
          #expect(grid.outside == 0, "\(columns)x\(rows) \(state.view) \(state.mode)")
          let isPrintable = grid.text.allSatisfy {
            $0 == "\n" || fine.contains($0) || ($0.isASCII && $0 >= " " && $0 <= "~")
          }
          #expect(isPrintable, "\(columns)x\(rows) \(state.view) \(state.mode):\n\(grid.text)")
        }
      }
    }
  }

  @Test(arguments: [1, 2, 5, 8, 15, 24, 50])
  func `an alert is on the screen at every size, in words`(rows: Int) {
    for columns in [5, 20, 30, 40, 80, 200] {
      let first = Self.draw(rows: rows, columns: columns).grid.lines[0]
      #expect(first.contains("ALERT"), "\(columns)x\(rows): \(first)")
    }
    var content = ScreenSamples.content
    content.alerts.items.removeFirst()
    #expect(!Self.draw(content, rows: rows, columns: 80).grid.lines[0].contains("ALERT"))
  }

  @Test func `loss is reported with the rate and the totals`() {
    var content = ScreenSamples.content
    #expect(Self.draw(content, rows: 24, columns: 80).grid.lines[0].contains("lost 0"))
    content.life.capture.lost = 12
    let before = Self.draw(content, rows: 24, columns: 100).grid.lines
    #expect(before[0].contains("lost 12") && !before[0].contains("at least"))
    #expect(before[1].contains("at least 1.23M requests"))
    content.recent.capture.lost = 3
    let now = Self.draw(content, rows: 24, columns: 100).grid.lines
    #expect(now[0].contains("LOST 12") && now[0].contains("at least"))
  }

  @Test func `the graph shows the threshold, or says where it is`() {
    var content = ScreenSamples.content
    let grid = Self.draw(content, rows: 24, columns: 100).grid
    #expect(grid.lines[2].contains("alert above 30"))
    #expect((3..<8).contains { grid.text(in: .threshold, row: $0).contains("30") })
    #expect((3..<8).contains { !grid.text(in: .excess, row: $0).isEmpty })
    content.alerts.threshold = 100_000
    let far = Self.draw(content, rows: 24, columns: 100).grid
    #expect(far.lines[2].contains("alert above 100000"))
    #expect((3..<8).allSatisfy { far.text(in: .threshold, row: $0).isEmpty })
  }

  @Test func `an axis names its whole scale`() {
    var content = ScreenSamples.content
    content.alerts = AlertRows()
    for index in content.history.indices { content.history[index].requests = 99_000 }
    let lines = Self.draw(content, rows: 24, columns: 100).grid.lines
    #expect(lines[3].hasPrefix("100000"), "\(lines[3])")
  }

  @Test func `failures stand on the scale of all answers, and their share is named`() {
    var content = ScreenSamples.content
    for index in content.history.indices {
      content.history[index].successes = 40_000
      content.history[index].failures = 5
    }
    let grid = Self.draw(content, rows: 24, columns: 100).grid
    #expect(grid.lines[2].contains("ok 40000, failed 5 <1%"), "\(grid.lines[2])")
    // One row of the lowest block, however many rows there are.
    let red = (3..<8).map { grid.text(in: .bad, row: $0).replacing("failed", with: "") }
    #expect(red.joined().allSatisfy { $0 == "▁" || $0 == " " }, "\(red)")
    #expect(red.joined().contains("▁"))
  }

  @Test func `latencies have a chart of one scale where there is room, p99 as points over the median`() {
    var content = ScreenSamples.content
    for index in content.history.indices {
      (content.history[index].p50, content.history[index].p99) = (20_000_000, 39_000_000)
    }
    let grid = Self.draw(content, rows: 36, columns: 120).grid
    #expect(grid.lines[2].contains("█ p50 20ms • p99 39ms"), "\(grid.lines[2])")
    let marks = grid.lines.indices.filter { grid.lines[$0].contains("••••") }
    #expect(marks.count == 1 && grid.lines[marks[0]].contains("40ms"), "\(grid.text)")
    // A second without an answer has neither.
    for index in content.history.indices { (content.history[index].p50, content.history[index].p99) = (0, 0) }
    let quiet = Self.draw(content, rows: 36, columns: 120).grid
    #expect(quiet.lines[2].contains("Latency") && !quiet.lines[2].contains("p99"))
    #expect(!quiet.text.contains("•"))
    #expect(!Self.draw(content, rows: 36, columns: 111).grid.text.contains("Latency"))
    content.past = ScreenContent.Past(ago: nil)
    #expect(!Self.draw(content, rows: 36, columns: 120).grid.text.contains("Latency"))
  }

  @Test func `charts that are high enough have a time axis of whole steps`() {
    var content = ScreenSamples.content
    func axis() -> String {
      Self.draw(content, rows: 40, columns: 80).grid.lines.first { $0.contains("now") } ?? ""
    }
    #expect(axis().contains("-30s") && axis().contains("-10s") && !axis().contains("-1m"))
    // In a row of ten seconds' bins.
    content.binLength = 10 * Samples.second
    #expect(axis().contains("-4m") && axis().contains("-2m") && !axis().contains("s"), "\(axis())")
    // Without the room for it, a wide title names the time.
    content.alerts = AlertRows()
    let low = Self.draw(content, rows: 15, columns: 100).grid
    #expect(low.lines[2].contains("last 8m 0s") && !low.text.contains("now"), "\(low.text)")
  }

  @Test func `a site's trend is of the window, to its own scale, and there where the table has room`() {
    func row(_ columns: Int, _ glyphs: Glyphs = .fine) -> String {
      let grid = Self.draw(ScreenSamples.lastMinute, rows: 24, columns: columns, glyphs: glyphs).grid
      return grid.lines.first { $0.contains("google.com") && $0.contains("6000") } ?? ""
    }
    #expect(row(100).contains("    ▁▁▁▂▄█▆▄"), "\(row(100))")
    #expect(row(100, .ascii).contains("    ...:.") || row(100, .ascii).contains("#"), "\(row(100, .ascii))")
    #expect(row(120).contains("▁▁▁▂▄█▆▄") && !row(80).contains("▄"))
  }

  @Test func `a rule that is held back says why`() {
    var content = ScreenSamples.content
    content.alerts.items = [
      AlertRows.Item(text: "high-p99 shop 771.75ms > 500ms", started: 0, heldBack: "only 12 of min 20")
    ]
    let text = Self.draw(content, rows: 24, columns: 140).grid.text
    #expect(text.contains("? only 12 of min 20: high-p99 shop 771.75ms > 500ms"), "\(text)")
    #expect(text.hasPrefix(" wiretally  no alert"), "\(text)")
  }
}
