// SPDX-License-Identifier: Apache-2.0
import Screen
import Randomness
import Statistics
import Testing

/// Keys in, state and picture out.
@Suite struct ScreenKeysTests {
  /// An operator before an 80 by 24 screen.
  struct Operator {
    var state = ScreenState()
    var content = ScreenSamples.content
    var lastAction = ScreenState.Action.none

    mutating func press(_ keys: Key..., size: (Int, Int) = (24, 80)) {
      for key in keys {
        let map = ScreenTests.draw(content, state, rows: size.0, columns: size.1).map
        lastAction = state.press(key, content, map)
      }
    }

    mutating func type(_ text: String) { for character in text { press(.character(character)) } }

    var screen: CellGrid { ScreenTests.draw(content, state, rows: 24, columns: 80).grid }
    /// The row the keys are on.
    var selectedRow: String { screen.lines.first { $0.hasPrefix("▶") } ?? "" }
  }

  @Test(arguments: [Key.character("q"), .character("Q"), .quit])
  func `q ends it`(key: Key) {
    var user = Operator()
    user.press(key)
    #expect(user.lastAction == .quit)
  }

  @Test func `b orders the latest exchanges by size, and newest first again`() {
    var user = Operator()
    let sizes: [(UInt64, UInt64?)] = [(4, 70), (3, 900_000), (2, 70), (1, nil)]
    user.content.exchanges = sizes.map { number, bytes in
      var line = ExchangeLine(
        number: number, time: Samples.start, client: "10.0.0.7", method: "GET", site: "a.example",
        path: "/\(number)", status: 200, latency: 1)
      line.bytes = bytes
      return line
    }
    func rows() -> [String] {
      let lines = ScreenTests.draw(user.content, user.state, rows: 24, columns: 100).grid.lines
      return lines.compactMap { line in ["/1", "/2", "/3", "/4"].first { line.contains($0 + " ") } }
    }
    // Nothing to order elsewhere.
    user.press(.character("b"), .character("l"))
    #expect(rows() == ["/4", "/3", "/2", "/1"])
    user.press(.character("b"))
    #expect(rows() == ["/3", "/4", "/2", "/1"])
    let lines = ScreenTests.draw(user.content, user.state, rows: 24, columns: 100).grid.lines
    #expect(lines[1].contains("largest first") && lines[3].contains(" 900000 "), "\(lines[3])")
    user.press(.down, .enter)
    #expect(user.screen.text.contains("GET /4"), "\(user.screen.text)")
    user.press(.escape, .character("b"))
    #expect(rows() == ["/4", "/3", "/2", "/1"])
  }

  @Test func `arrows, j and k move, and the row stays with its site when the order changes`() {
    var user = Operator()
    #expect(user.selectedRow.contains("google.com"))
    user.press(.down, .character("j"), .character("k"))
    #expect(user.selectedRow.contains("linkedin.com"))
    user.press(.character("s"), .character("s"))
    #expect(user.state.sort == .failures)
    #expect(user.selectedRow.contains("linkedin.com"))
    user.press(.end)
    #expect(user.selectedRow.contains("quiet.example"))
    user.press(.down, .down, .home, .up)
    #expect(user.selectedRow.contains(#"\x1b[2J"#))
  }

  @Test func `w goes through the windows`() {
    var user = Operator()
    #expect(user.state.window == .minute)
    var windows: [StatisticsWindow] = []
    for _ in 0..<5 {
      user.type("w")
      windows.append(user.state.window)
    }
    #expect(windows == [.fiveMinutes, .quarterHour, .all, .tenSeconds, .minute])
  }

  @Test func `s goes through the columns, S turns the order round, digits choose`() {
    var user = Operator()
    func order() -> [String] {
      user.screen.lines.drop { !$0.contains("─ Sites ") }.dropFirst().prefix(6)
        .map { String($0.dropFirst(2).prefix { $0 != " " }) }
    }
    #expect(order().first == "google.com")
    user.type("S")
    #expect(order().first == "quiet.example")
    user.type("S8")
    #expect(user.state.sort == .name)
    // S before turned the order round, S now turns it back: names from [ and \\ to z.
    #expect(order().first == "[2001:db8::1]" && order()[1].hasPrefix(#"\x1b"#))
    user.type("3")
    #expect(order().first?.hasPrefix(#"\x1b"#) == true)
    for _ in ScreenState.Column.allCases { user.type("s") }
    #expect(user.state.sort == .failures)
  }

  @Test func `the filter works while it is written, on sites and sections, and esc clears it`() {
    var user = Operator()
    user.type("/MAP")
    #expect(user.state.filter == "MAP")
    #expect(user.screen.lines[23].contains("filter sites and sections: MAP_"))
    #expect(user.screen.text.contains("google.com") && !user.screen.text.contains("linkedin.com"))
    user.press(.backspace, .backspace, .backspace)
    #expect(user.screen.text.contains("linkedin.com"))
    user.type("nothing like it")
    #expect(user.screen.text.contains("No site and no section contains 'nothing like it'."))
    user.press(.escape)
    #expect(user.state.filter.isEmpty && user.state.mode == .normal)
    user.type("/linked")
    user.press(.enter)
    #expect(user.state.mode == .normal && user.state.filter == "linked")
    #expect(user.screen.text.contains("Sites 1 of 6 with 'linked'"))
    user.type("q")
    #expect(user.lastAction == .quit)
    user.press(.escape)
    #expect(user.state.filter.isEmpty)
  }

  @Test func `n and N go to what the filter finds, all round, and after esc among all rows`() {
    var user = Operator()
    // Nothing was looked for yet.
    user.type("nN")
    #expect(user.state.selected == nil)
    user.type("/example")
    user.press(.enter)
    user.type("n")
    #expect(user.state.selected == "quiet.example" && user.screen.text.contains("Sites 2 of 6"))
    user.press(.escape)
    user.type("n")
    #expect(user.state.filter.isEmpty && user.selectedRow.contains(#"\x1b[2J"#))
    user.type("N")
    #expect(user.state.selected == "quiet.example")
    user.type("c/2001")
    user.press(.escape)
    user.type("n")
    #expect(user.state.view == .clients && user.state.selectedClient?.hasPrefix("2001:") == true)
    user.type("o/curl")
    user.press(.escape, .tab)
    user.type("n")
    #expect(user.state.selectedOwner?.hasPrefix("curl") == true)
    user.type("l/503")
    user.press(.escape)
    let failed = user.content.exchanges.filter { $0.status == 503 }.map(\.number)
    for number in [failed[0], failed[1], failed[2]] {
      user.type("n")
      #expect(user.state.liveTop == number)
    }
    user.type("NNN")
    #expect(user.state.liveTop == failed.last)
  }

  @Test func `what begins with a tilde is a regular expression, once it is one`() {
    var user = Operator()
    user.type("/~^MAP|Goog(")
    #expect(user.screen.lines[23].hasSuffix(": ~^MAP|Goog(_"))
    #expect(user.screen.lines[22] == " no expression yet: missing ): ^MAP|Goog(")
    #expect(user.screen.text.contains("google.com") && user.screen.text.contains("linkedin.com"))
    user.type("le|\\D\\D\\d)")
    #expect(user.state.filter == "~^MAP|Goog(le|\\D\\D\\d)")
    #expect(user.screen.text.contains("google.com") && !user.screen.text.contains("linkedin.com"))
    user.press(.enter)
    #expect(user.screen.text.contains("Sites 1 of 6 with '~^MAP"))
  }

  @Test func `a filter has an end`() {
    var user = Operator()
    user.type("/" + String(repeating: "x", count: 500))
    #expect(user.state.filter.count == 256)
    // Of one that is longer than the line, the end is seen.
    #expect(user.screen.lines[23].hasPrefix(" filter sites and sections: x"))
    #expect(user.screen.lines[23].hasSuffix("x_"))
  }

  @Test func `enter looks into the selected site and esc comes back`() {
    var user = Operator()
    user.press(.down, .enter)
    #expect(user.state.view == .site("linkedin.com"))
    #expect(user.screen.text.contains("300000 requests, 24% of all"))
    #expect(
      user.screen.text.contains("/feed") && user.screen.text.contains("Latency (as seen on this host)"))
    user.press(.escape)
    #expect(user.state.view == .overview)
    user.press(.tab, .tab)
    #expect(user.state.focus == .recent)
    user.press(.enter)
    #expect(user.state.view == .site("google.com"))
  }

  @Test func `tab goes through the panels that are there`() {
    var user = Operator()
    var seen: [ScreenState.Panel] = []
    for _ in 0..<4 {
      user.press(.tab)
      seen.append(user.state.focus)
    }
    #expect(seen == [.alerts, .recent, .sites, .alerts])
    user.press(.backTab)
    #expect(user.state.focus == .sites)
    seen = []
    for _ in 0..<5 {
      user.press(.tab, size: (40, 140))
      seen.append(user.state.focus)
    }
    #expect(seen == [.alerts, .recent, .methods, .statuses, .sites])
  }

  @Test func `l shows the live list, moves in it, and filters it`() {
    var user = Operator()
    user.press(.character("l"))
    #expect(user.screen.text.contains("/search?q=0"))
    user.press(.pageDown)
    #expect(!user.screen.text.contains("/search?q=0 "))
    user.press(.character("G"))
    #expect(user.screen.text.contains("/search?q=39"))
    user.press(.character("g"))
    user.type("/q=38")
    user.press(.enter)
    #expect(user.screen.text.contains("/search?q=38") && !user.screen.text.contains("q=39"))
    user.press(.escape)
    #expect(user.state.view == .overview)
  }

  @Test func `c shows the clients, orders and filters them, and enter shows one's exchanges`() {
    var user = Operator()
    func order() -> [String] {
      user.screen.lines.drop { !$0.contains("─ Clients ") }.dropFirst().prefix(4)
        .map { String($0.dropFirst(2).prefix(4)) }
    }
    user.type("c")
    #expect(user.state.view == .clients && !user.state.view.isLive)
    #expect(order() == ["10.0", "198.", "2001", "192."])
    user.type("3")
    #expect(order() == ["198.", "10.0", "2001", "192."])
    user.type("4")
    #expect(order() == ["2001", "10.0", "198.", "192."])
    user.type("8S")
    #expect(order() == ["2001", "198.", "192.", "10.0"])
    user.type("7S")
    #expect(order() == ["198.", "10.0", "2001", "192."])
    user.type("261")
    user.press(.home, .down, .character("j"), .up)
    #expect(user.state.selectedClient == "198.51.100.200")
    user.press(.enter)
    #expect(user.state.view == .live(site: nil) && user.state.filter == "client=198.51.100.200")
    user.press(.escape)
    #expect(user.state.view == .clients && user.state.filter.isEmpty)
    user.type("/2001:")
    user.press(.enter)
    #expect(order().first == "2001" && user.screen.text.contains("Clients 1 of 4 with '2001:'"))
    user.press(.end)
    user.type("c")
    #expect(user.state.view == .overview && user.state.selectedClient?.hasPrefix("2001") == true)
    user.type("cl")
    #expect(user.state.view == .live(site: nil))
    user.press(.escape)
    #expect(user.state.view == .overview)
  }

  @Test func `o shows who serves, tab who asks; both are ordered and filtered`() {
    var user = Operator()
    func order() -> [String] {
      user.screen.lines.drop { !$0.contains(" by process") }.dropFirst().prefix(5)
        .map { String($0.dropFirst(2).prefix(4)) }
    }
    user.type("o")
    #expect(user.state.view == .owners(.server) && !user.state.view.isLive)
    #expect(order() == ["ngin", "pyth", #"\x1b"#, "(oth", "? no"])
    user.type("3")
    #expect(order() == ["pyth", "ngin", #"\x1b"#, "(oth", "? no"])
    user.type("8")
    #expect(order() == ["(oth", "? no", #"\x1b"#, "ngin", "pyth"])
    for (key, first) in [("2", "ngin"), ("4", "ngin"), ("5", "ngin"), ("6", "pyth"), ("7", "ngin")] {
      user.type(key)
      #expect(order().first == first, "\(key)")
    }
    user.type("S")
    #expect(order().first == "? no")
    user.type("S1")
    user.press(.down, .character("j"), .up)
    #expect(
      user.state.selectedOwner == "python3  docker:0123456789ab" && user.selectedRow.contains("python3"))
    user.press(.tab)
    #expect(user.state.view == .owners(.client) && order().prefix(2) == ["? no", "curl"])
    user.type("/session")
    user.press(.enter)
    #expect(user.screen.text.contains("Clients by process 1 of 2 with '") && order().first == "curl")
    user.press(.backTab, .enter, .escape)
    #expect(user.state.view == .overview)
    user.type("oo")
    #expect(user.state.view == .overview)
    user.type("ocol")
    #expect(user.state.view == .live(site: nil))
  }

  @Test func `t and e show the slowest and the failed, enter one of them, and esc leads back`() throws {
    var user = Operator()
    user.type("t")
    #expect(user.state.view == .slowest && !user.state.view.isLive)
    let slowest = user.content.slowest
    user.press(.down, .enter)
    #expect(user.state.view == .exchange(slowest[1], site: nil))
    user.press(.escape)
    #expect(user.state.view == .slowest && user.screen.text.contains("Slowest exchanges"))
    // Another one has become the slowest: the line that is read stays.
    user.content.slowest.insert(user.content.slowest.removeLast(), at: 0)
    user.press(.enter)
    #expect(user.state.view == .exchange(slowest[1], site: nil))
    user.press(.escape)
    user.type("e/503")
    user.press(.enter)
    #expect(user.state.view == .failures && user.screen.text.contains("Last failures (all) with '503'"))
    user.press(.enter)
    guard case .exchange(let line, _) = user.state.view else {
      return #expect(Bool(false), "\(user.state.view)")
    }
    #expect(line.status == 503)
    user.press(.escape)
    #expect(user.state.filter == "503")
    user.type("l")
    #expect(user.state.view == .live(site: nil) && user.state.filter.isEmpty)
    user.type("ll")
    #expect(user.state.view == .live(site: nil))
    user.type("et")
    #expect(user.state.view == .slowest)
    user.press(.enter)
    user.type("l")
    #expect(user.state.view == .live(site: nil))
    user.press(.escape)
    #expect(user.state.view == .overview)
  }

  @Test func `digits choose every column that has a name`() {
    var user = Operator()
    for (digit, column) in zip("12345678", ScreenState.Column.allCases) {
      user.type(String(digit))
      #expect(user.state.sort == column)
    }
    #expect(ScreenState.Column.allCases.count == 8)
  }

  @Test func `the live list is filtered by client, method and status too`() {
    var user = Operator()
    user.type("l")
    for (filter, part) in [("10.77", " 10.77.0.1 "), ("post", " POST "), ("503", " 503 ")] {
      user.type("/" + filter)
      user.press(.enter)
      let rows = user.screen.lines.dropFirst(3).dropLast().filter { !$0.allSatisfy { $0 == " " } }
      #expect(!rows.isEmpty && rows.allSatisfy { $0.contains(part) }, "\(filter): \(rows)")
      user.type("/")
      user.press(.escape)
    }
  }

  @Test func `the line at the top stays when newer exchanges come, until the list is at its top again`() {
    var user = Operator()
    user.type("ljjj")
    let before = user.screen.lines[3]
    #expect(before.contains("/search?q=3") && user.screen.text.contains("held, g follows"))
    var newer = user.content.exchanges[0]
    for number in 0..<7 as Range<UInt64> {
      newer.number = 2000 + number
      user.content.exchanges.insert(newer, at: 0)
    }
    #expect(user.screen.lines[3] == before)
    user.type("g")
    #expect(user.screen.lines[3] != before && user.screen.text.contains("newest first"))
    // What has left the list is gone: the oldest that is kept stands there.
    user.type("jjj")
    user.content.exchanges.removeFirst(20)
    user.content.exchanges = user.content.exchanges.map {
      var line = $0
      line.number += 5000
      return line
    }
    #expect(user.screen.text.contains("/search?q=39"))
  }

  @Test func `enter shows all that is known of the exchange that is held, and esc comes back to it`() {
    var user = Operator()
    user.type("ljjjj")
    #expect(user.screen.lines[3].contains("▶") && user.screen.lines[3].contains("/search?q=4"))
    user.press(.enter)
    for text in [
      "10.77.0.2, port 80", "port 40004", "POST /search?q=4 HTTP/1.1", "153 bytes", "3.11ms", "curl/8",
      "http://from.example/?a=*",
    ] { #expect(user.screen.text.contains(text), "\(text)") }
    // It stays when newer ones push it out of the list.
    user.content.exchanges = []
    #expect(user.screen.text.contains("POST /search?q=4 HTTP/1.1"))
    user.type("/jq")
    #expect(user.state.mode == .normal)
    user.content = ScreenSamples.content
    user.press(.escape)
    #expect(user.state.view == .live(site: nil) && user.screen.lines[3].contains("/search?q=4"))
    user.type("g")
    user.press(.enter)
    #expect(user.screen.text.contains("/search?q=0 HTTP/1.1"))
    // Without a newest one there is nothing to look into.
    user.press(.escape)
    user.content.exchanges = []
    user.press(.enter)
    #expect(user.state.view == .live(site: nil))
  }

  @Test func `in a site, the filter is for its sections, and l lists its exchanges alone`() {
    var user = Operator()
    user.press(.enter)
    #expect(user.screen.text.contains("/search") && user.screen.text.contains("/maps"))
    user.type("/map")
    #expect(user.screen.lines[23].contains("filter sections: map_"))
    #expect(!user.screen.text.contains("/search") && user.screen.text.contains("Sections with 'map'"))
    user.press(.enter)
    user.type("l")
    #expect(user.state.view == .live(site: "google.com"))
    #expect(user.screen.text.contains("Latest exchanges of google.com"))
    #expect(user.screen.text.contains("/search?q=0") && !user.screen.text.contains("owned"))
    user.press(.escape)
    #expect(user.state.view == .site("google.com") && user.state.filter == "map")
    user.press(.escape)
    #expect(user.state.view == .overview && user.state.filter.isEmpty)
    user.press(.down, .enter)
    #expect(user.state.view == .site("linkedin.com") && user.state.filter.isEmpty)
  }

  @Test func `what failed is marked in the live list`() {
    var user = Operator()
    user.press(.character("l"))
    for (row, line) in user.screen.lines.enumerated() where row >= 3 && row < 23 {
      let isFailure = line.contains(" 503 ") || line.contains("   - ")
      #expect(line.hasPrefix("!") == isFailure, "\(line)")
    }
  }

  @Test func `p and space hold the picture`() {
    var user = Operator()
    user.press(.character("p"))
    #expect(user.state.isPaused && user.screen.lines[0].contains("PAUSED"))
    user.press(.character(" "))
    #expect(!user.state.isPaused && !user.screen.lines[0].contains("PAUSED"))
  }

  @Test func `z asks first`() {
    var user = Operator()
    user.type("z")
    #expect(user.lastAction == .none)
    #expect(user.screen.lines[23].contains("Reset totals?"))
    user.type("n")
    #expect(user.lastAction == .none && user.state.mode == .normal)
    user.type("zy")
    #expect(user.lastAction == .reset && user.state.mode == .normal)
  }

  @Test func `any key ends the help`() {
    var user = Operator()
    for key in [Key.character("?"), .help, .character("h")] {
      user.press(key)
      #expect(user.screen.text.contains("wiretally: keys"))
      user.press(.character("x"))
      #expect(user.state.mode == .normal)
    }
  }

  @Test func `plus and minus change the seconds between pictures, within bounds`() {
    var user = Operator()
    user.type("++")
    #expect(user.state.pace == 3)
    user.type("-------")
    #expect(user.state.pace == 1)
    for _ in 0..<100 { user.type("+") }
    #expect(user.state.pace == 60)
  }

  @Test func `a click chooses a panel and a site, a second one opens it, the wheel moves`() throws {
    var user = Operator()
    let row = try #require(user.screen.lines.firstIndex { $0.contains("linkedin.com") })
    user.press(.click(row: row, column: 10))
    #expect(user.state.selected == "linkedin.com" && user.state.view == .overview)
    user.press(.click(row: row, column: 10))
    #expect(user.state.view == .site("linkedin.com"))
    user.press(.escape, .wheel(up: false, row: row, column: 10))
    #expect(user.selectedRow.contains("[2001:db8::1]"))
    let alerts = try #require(user.screen.lines.firstIndex { $0.contains("─ Alerts ") })
    user.press(.click(row: alerts, column: 3))
    #expect(user.state.focus == .alerts)
    user.press(.click(row: 0, column: 0), .click(row: 500, column: 500))
    #expect(user.state.focus == .alerts)
  }

  @Test func `any keys in any order leave a picture`() {
    var generator = SeededGenerator(seed: 6)
    var user = Operator()
    let keys: [Key] =
      " qQ?hp/fsSjkgGlctez+-168yxn".map { .character($0) } + [
        .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .tab, .backTab,
        .backspace,
        .help, .click(row: 17, column: 5), .wheel(up: true, row: 17, column: 5),
      ]
    for step in 0..<3000 {
      if step % 300 == 0 {
        user.content =
          step % 600 == 0 ? ScreenSamples.content : ScreenContent(label: Samples.label, interval: 1)
      }
      guard let key = keys.randomElement(using: &generator) else { continue }
      let rows = Int.random(in: 1...30, using: &generator),
        columns = Int.random(in: 1...130, using: &generator)
      user.press(key, size: (rows, columns))
      #expect(ScreenTests.draw(user.content, user.state, rows: rows, columns: columns).grid.outside == 0)
    }
  }
}
