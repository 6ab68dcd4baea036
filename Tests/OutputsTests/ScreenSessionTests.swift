// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import ExchangeStream
import History
import Reporting
import Screen
import Statistics
import Testing

@testable import wiretally

/// A terminal in memory: its pictures are texts, its keys are given.
private final class MemoryTerminal: ScreenTerminal {
  let glyphs = Glyphs.ascii
  private(set) var rows = 24
  private(set) var columns = 80
  private var grid = CellGrid(rows: 24, columns: 80)
  private(set) var pictures: [String] = []
  private(set) var calls: [String] = []
  var keys: [Key] = []
  var isReady = true
  let input: Int32? = 7
  private var hasNewSize = false

  func resize(rows: Int, columns: Int) {
    (self.rows, self.columns, hasNewSize) = (rows, columns, true)
  }

  func fit() -> Bool {
    defer { hasNewSize = false }
    return hasNewSize
  }
  func begin() { grid = CellGrid(rows: rows, columns: columns) }
  func put(_ text: String, row: Int, column: Int, style: Style) {
    grid.put(text, row: row, column: column, style: style)
  }
  func flush() { pictures.append(grid.text) }
  func key() -> Key? { keys.isEmpty ? nil : keys.removeFirst() }
  func suspend() { calls.append("suspend") }
  func resume() { calls.append("resume") }
  func close() { calls.append("close") }
}

/// The full screen, driven by a reporter, on a terminal in memory.
@Suite struct ScreenSessionTests {
  private let terminal = MemoryTerminal()
  private let session: ScreenSession
  private let reporter: Reporter
  private let stream = ExchangeReader(workers: 1, pendingExchanges: 16)

  init() throws {
    session = ScreenSession(
      on: terminal, label: CaptureLabel(backend: "eBPF", source: "eth0", ports: "80"),
      plan: try IntervalPlan(interval: ReporterTests.second),
      exchanges: LatestExchanges(stream, query: .names),
      history: MemoryHistory(
        HistoryRun(
          backend: "eBPF", source: "eth0", ports: "80", host: "here", program: "0.1.0",
          start: ReporterTests.start, interval: ReporterTests.second,
          rules: try ReporterTests.reporter([]).alerts.watches.map(\.rule))))
    reporter = try ReporterTests.reporter([session])
  }

  private func tick() { reporter.tick(at: ReporterTests.start + ReporterTests.second) }

  /// The picture of this number; an empty text when it was not drawn.
  private func picture(_ number: Int) -> String {
    terminal.pictures.indices.contains(number) ? terminal.pictures[number] : ""
  }

  private func press(_ keys: Key...) -> [WatchEvent] {
    terminal.keys = keys
    return session.readEvents(hasGone: false)
  }

  @Test
  func `a picture is drawn when it is due, when a key is pressed and when the window changes, and else none`()
  {
    tick()
    #expect(terminal.pictures.count == 1 && picture(0).contains("eBPF on eth0"))
    tick()
    #expect(terminal.pictures.count == 1)
    #expect(press(.character("?")).isEmpty)
    tick()
    #expect(terminal.pictures.count == 2 && picture(1).contains("wiretally: keys"))
    terminal.resize(rows: 10, columns: 40)
    tick()
    #expect(terminal.pictures.count == 3)
    #expect(picture(2).split(separator: "\n").allSatisfy { $0.count <= 40 })
  }

  @Test func `brackets step back in time and forward, to now again`() {
    terminal.resize(rows: 24, columns: 140)
    #expect(press(.character("[")).isEmpty)
    tick()
    #expect(!picture(0).contains("for now"))
    reporter.showIntervals(at: ReporterTests.start + 9 * ReporterTests.second / 2)
    func shown(_ key: Character) -> String {
      _ = press(.character(key))
      tick()
      return String((terminal.pictures.last ?? "").prefix(140))
    }
    // Intervals end with seconds 1, 2 and 3 of the hour.
    let first = shown("["), second = shown("[")
    #expect(first.contains("ago, 0 for now") && second.contains("ago, 0 for now"), "\(first)")
    #expect(first != second)
    #expect(shown("]") == first)
    #expect(!shown("]").contains("for now"))
    let oldest = shown("{")
    #expect(shown("[") == oldest && oldest != first)
    #expect(!shown("0").contains("for now"))
  }

  @Test func `an interval that is over is shown without waiting for the next picture`() {
    tick()
    reporter.notices = ["interface eth0 is back"]
    reporter.showIntervals(at: ReporterTests.start + 5 * ReporterTests.second / 2)
    tick()
    #expect(terminal.pictures.count == 2)
    #expect(picture(1).contains("interface eth0 is back"), "\(picture(1))")
    // The rule that silence raises.
    #expect(picture(1).contains("ALERT since"), "\(picture(1))")
  }

  @Test func `a terminal that takes no picture leaves its keys waiting, and the pictures are counted`() {
    tick()
    terminal.isReady = false
    #expect(session.descriptor == nil)
    for _ in 0..<5 { tick() }
    // One a second, however often it is polled: that of the first second was drawn.
    #expect(terminal.pictures.count == 1 && reporter.dropped == OutputCounters())
    let end = ContinuousClock.now + .seconds(20)
    while reporter.dropped.pictures == 0, ContinuousClock.now < end { tick() }
    #expect(reporter.dropped.pictures == 1)
    reporter.notices = ["something new"]
    terminal.isReady = true
    tick()
    #expect(session.descriptor == 7)
    #expect(terminal.pictures.count == 2 && picture(1).contains("something new"))
  }

  @Test func `w chooses the window of the tables at once, while the display is held too`() {
    tick()
    #expect(picture(0).contains("Sites (last 1m)"), "\(picture(0))")
    #expect(press(.character("w")).isEmpty)
    tick()
    #expect(picture(1).contains("Sites (last 5m)"), "\(picture(1))")
    _ = press(.character("p"), .character("w"), .character("w"))
    tick()
    #expect(picture(2).contains("Sites (all)") && picture(2).contains("PAUSED"), "\(picture(2))")
  }

  @Test func `a pause keeps what is shown`() {
    tick()
    #expect(press(.character("p")).isEmpty)
    reporter.notices = ["while it is held"]
    reporter.showIntervals(at: ReporterTests.start + 5 * ReporterTests.second / 2)
    tick()
    #expect(terminal.pictures.count == 2 && picture(1).contains("PAUSED"))
    #expect(!picture(1).contains("while it is held"))
    #expect(press(.character("p")).isEmpty)
    reporter.showIntervals(at: ReporterTests.start + 7 * ReporterTests.second / 2)
    tick()
    #expect(picture(2).contains("while it is held"))
  }

  @Test func `keys end the watch and reset its totals, after a question`() {
    #expect(press(.character("z"), .character("n")).isEmpty)
    #expect(press(.character("z"), .character("y")) == [.resetTotals])
    #expect(press(.character("q")) == [.end])
    #expect(press(.quit) == [.end])
    // What was typed after it is not read.
    #expect(press(.character("q"), .character("z")) == [.end] && terminal.keys.count == 1)
  }

  @Test func `without its terminal a screen ends the watch`() {
    #expect(session.readEvents(hasGone: true) == [.end])
  }

  @Test func `all single exchanges are asked for while the live list is open, and no longer`() {
    tick()
    #expect(stream.writers[0].interest == .notable)
    _ = press(.character("l"))
    tick()
    #expect(stream.writers[0].interest == .all)
    _ = press(.escape)
    tick()
    #expect(stream.writers[0].interest == .notable)
  }

  @Test func `the terminal is left to others, taken again with a new picture, and given back once`() {
    tick()
    session.suspend()
    session.resume()
    tick()
    #expect(terminal.pictures.count == 2)
    reporter.stop()
    #expect(terminal.calls == ["suspend", "resume", "close"])
  }
}
