// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics
import Testing

/// Tables over the last seconds or minutes, against what the traffic was.
@Suite struct WindowTests {
  private static func window(
    _ replay: Replay, _ window: StatisticsWindow, until end: Timeline.WindowEnd = .now
  ) throws -> Snapshot {
    try #require(replay.timeline.window(window, until: end, capture: replay.capture))
  }

  @Test func `each window has the last of the traffic, and says from when`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    // One request a second, the site's name its minute.
    for second in 0..<1_800 {
      replay.at(Double(second) + 0.5) { $0.request("m\(second / 60)", "/\(second)") }
    }
    replay.at(1_800) { _ in }
    let now = 1_800 * Replay.second
    for (window, seconds) in [
      (StatisticsWindow.tenSeconds, 10), (.minute, 60), (.fiveMinutes, 300), (.quarterHour, 900),
    ] as [(StatisticsWindow, UInt64)] {
      let snapshot = try Self.window(replay, window)
      #expect(snapshot.start == now - seconds * Replay.second && snapshot.end == now)
      #expect(snapshot.totals.requests == seconds)
      #expect(snapshot.sites.reduce(0) { $0 + $1.requests } == seconds)
      #expect(snapshot.sites.count == max(1, Int(seconds / 60)))
      #expect(snapshot.methods == [NamedCount(name: "GET", count: seconds)])
    }
    #expect(replay.timeline.window(.all, capture: replay.capture) == nil)
    #expect(try Replay(start: 0).timeline.window(.minute, capture: CaptureCounters()) == nil)
  }

  @Test func `a window is shorter than its name by less than a slice`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    for second in 0..<1_803 { replay.at(Double(second) + 0.5) { $0.request("a") } }
    replay.at(1_803) { _ in }
    for (window, seconds, slice) in [
      (StatisticsWindow.tenSeconds, 10, 1), (.minute, 60, 5), (.fiveMinutes, 300, 30),
      (.quarterHour, 900, 30),
    ] as [(StatisticsWindow, UInt64, UInt64)] {
      let snapshot = try Self.window(replay, window)
      let span = (snapshot.end - snapshot.start) / Replay.second
      #expect(span <= seconds && span > seconds - slice && snapshot.totals.requests == span)
    }
  }

  @Test func `a window's sites say how their requests were spread over it`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    // A request a second, and from the 1,000th second on another one of a second site.
    for second in 0..<1_200 {
      replay.at(Double(second) + 0.5) {
        $0.request("a")
        if second >= 1_000 { $0.request("b") }
      }
    }
    replay.at(1_200) { _ in }
    func trend(_ window: StatisticsWindow, _ site: String) throws -> [UInt64] {
      let snapshot = replay.timeline.window(window, capture: replay.capture, withTrends: true)
      return try #require(snapshot?.sites.first { $0.name == site }).trend
    }
    #expect(try trend(.tenSeconds, "a") == Array(repeating: 1, count: 10))
    #expect(try trend(.minute, "a") == Array(repeating: 5, count: 12))
    #expect(try trend(.fiveMinutes, "a") == Array(repeating: 30, count: 10))
    #expect(try trend(.fiveMinutes, "b") == [0, 0, 0, 20, 30, 30, 30, 30, 30, 30])
    #expect(try trend(.quarterHour, "a") == Array(repeating: 90, count: 10))
    #expect(try trend(.quarterHour, "b") == [0, 0, 0, 0, 0, 0, 0, 20, 90, 90])
    // Nobody asked.
    #expect(try Self.window(replay, .minute).sites.allSatisfy(\.trend.isEmpty))
    // What was before a reset is in none.
    replay.timeline.resetTotals(capture: replay.capture)
    for second in 1_200..<1_220 { replay.at(Double(second) + 0.5) { $0.request("a") } }
    replay.at(1_220) { _ in }
    #expect(try trend(.minute, "a") == [0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5])
  }

  @Test func `a slow minute shows and fades`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    func serve(_ seconds: Range<Int>, latency: UInt64, status: UInt16) {
      for second in seconds {
        replay.at(Double(second) + 0.5) {
          $0.request("shop", exchange: 1)
          $0.answer(1, status: status, latency: latency)
        }
      }
    }
    serve(0..<60, latency: 1_000_000, status: 200)
    serve(60..<120, latency: 900_000_000, status: 503)
    replay.at(120) { _ in }
    let slow = try Self.window(replay, .minute).sites[0]
    #expect(slow.failures == 60 && slow.successes == 0)
    #expect((840_000_000...960_000_000).contains(slow.latency.p50) && slow.latency.maximum == 900_000_000)
    #expect(
      replay.timeline.site("shop", in: .minute)?.statuses == [NamedCount(name: "503", count: 60)])
    serve(120..<180, latency: 1_000_000, status: 200)
    replay.at(180) { _ in }
    let fast = try Self.window(replay, .minute)
    #expect(fast.sites[0].failures == 0 && fast.sites[0].latency.maximum == 1_000_000)
    #expect(fast.statuses == [StatusCount(status: 200, count: 60)])
    #expect(fast.latency.count == 60 && fast.latency.maximum == 1_000_000)
    #expect(
      replay.timeline.site("shop", in: .minute)?.statuses == [NamedCount(name: "200", count: 60)])
    // The lifetime keeps it.
    #expect(replay.timeline.summary(capture: replay.capture).sites[0].failures == 60)
    let five = try Self.window(replay, .fiveMinutes)
    #expect(five.sites[0].failures == 60 && five.latency.maximum == 900_000_000)
  }

  @Test func `after silence a window is empty`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    replay.at(0.5) { $0.request("a") }
    replay.at(3_600) { _ in }
    for window in StatisticsWindow.allCases where window.length != nil {
      let snapshot = try Self.window(replay, window)
      #expect(snapshot.totals == TrafficTotals() && snapshot.sites.isEmpty && snapshot.other == OtherSites())
    }
  }

  @Test func `sites beyond the limit of a slice are other sites, and all sums stay exact`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    for second in 0..<60 {
      replay.at(Double(second) + 0.5) { traffic in
        for site in 0..<500 { traffic.request("s\(site)") }
        for _ in 0..<20 { traffic.request("busy") }
      }
    }
    replay.at(60) { _ in }
    let snapshot = try Self.window(replay, .minute)
    #expect(snapshot.totals.requests == 60 * 520)
    #expect(snapshot.sites[0].name == "busy" && snapshot.sites[0].requests == 1_200)
    #expect(
      snapshot.sites.reduce(0) { $0 + $1.requests } + snapshot.other.requests == snapshot.totals.requests)
    #expect(snapshot.sites.allSatisfy { $0.overcountMax == 0 } && snapshot.untracked == 0)
    // Each row has the sections of its own site.
    #expect(snapshot.sites.allSatisfy { $0.sections.allSatisfy { $0.name == "/" } })
  }

  @Test func `what has lost its place in the tables is among the others`() throws {
    let replay = try Replay(sites: 8, sections: 8, start: 0, keepsWindows: true)
    for second in 0..<30 { replay.at(Double(second) + 0.5) { $0.request("s\(second)") } }
    replay.at(30) { _ in }
    let snapshot = try Self.window(replay, .minute)
    #expect(snapshot.totals.requests == 30 && snapshot.sites.count == 8 && snapshot.other.requests == 22)
    #expect(Set(snapshot.sites.map(\.name)) == Set((22..<30).map { "s\($0)" }))
  }

  @Test func `after a reset a window begins there`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    for second in 0..<47 { replay.at(Double(second) + 0.5) { $0.request("old") } }
    replay.at(47) { _ in }
    replay.timeline.resetTotals(capture: replay.capture)
    #expect(try Self.window(replay, .minute).totals.requests == 0)
    for second in 47..<58 { replay.at(Double(second) + 0.5) { $0.request("new") } }
    replay.at(58) { _ in }
    for window in [StatisticsWindow.minute, .fiveMinutes, .quarterHour] {
      let snapshot = try Self.window(replay, window)
      #expect(snapshot.start == 47 * Replay.second && snapshot.end == 58 * Replay.second)
      #expect(snapshot.sites.map(\.name) == ["new"] && snapshot.totals.requests == 11)
    }
  }

  @Test func `a window of an interval ends with it, also at the end of a file`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    for second in 0..<25 { replay.at(Double(second) + 0.5) { $0.request("a") } }
    // The third interval is open: the window is of the two that are over.
    let closed = try Self.window(replay, .minute, until: .interval)
    #expect(closed.totals.requests == 20 && closed.end == 20 * Replay.second)
    _ = replay.end()
    let last = try Self.window(replay, .tenSeconds, until: .interval)
    #expect(last.totals.requests == 5 && last.start == 20 * Replay.second && last.end == 30 * Replay.second)
    #expect(try Self.window(replay, .minute, until: .interval).totals.requests == 25)
  }

  @Test func `several workers add up, a late one too`() throws {
    let plan = try IntervalPlan(interval: 10 * Replay.second)
    let exchanges = try (0..<2).map { _ in try TallyExchange(budgets: StatisticsBudgets(pendingExchanges: 16))
    }
    let writers = try exchanges.map { try TallyWriter($0, plan: plan, start: 0) }
    let timeline = try Timeline(exchanges, plan: plan, start: 0, keepsWindows: true)
    let traffic = Traffic()
    func count(_ worker: Int, _ site: String, at seconds: Double) {
      let time = UInt64(seconds * 1e9)
      if writers[worker].isTickOver(time) { writers[worker].turn(at: time, ledger: ExchangeCounters()) }
      _ = timeline.nextInterval(capture: CaptureCounters())
      traffic.reset()
      traffic.request(site)
      traffic.record(in: writers[worker])
    }
    for second in 0..<9 { count(0, "both", at: Double(second) + 0.5) }
    for second in 0..<9 { count(1, second < 5 ? "both" : "own", at: Double(second) + 0.5) }
    let window = try #require(timeline.window(.minute, capture: CaptureCounters()))
    // Both have handed over eight seconds.
    #expect(window.end == 8 * Replay.second && window.totals.requests == 16)
    #expect(window.sites.map(\.name) == ["both", "own"] && window.sites.map(\.requests) == [13, 3])
  }

  @Test(arguments: [10_000_000, 1_500_000_000, 7_000_000_000] as [UInt64])
  func `any interval has windows`(interval: UInt64) throws {
    let replay = try Replay(interval: interval, start: 0, keepsWindows: true)
    for step in 0..<200 { replay.at(Double(step) * 0.5) { $0.request("a") } }
    replay.at(100) { _ in }
    let window = try Self.window(replay, .minute)
    let span = Double(window.end - window.start) / 1e9
    #expect((50...63).contains(span) && abs(Double(window.totals.requests) - span * 2) <= 4)
  }

  @Test func `owners, gRPC methods and clients have windows too`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    replay.at(0.5) {
      $0.call("shop", exchange: 1)
      $0.endCall(1, CallMark(code: 0), isFailure: false)
      $0.request("web", client: 0x0a00_0001)
    }
    for second in 1...70 { replay.at(Double(second)) { $0.request("web", client: 0x0a00_0002) } }
    replay.at(72) { _ in }
    let minute = try Self.window(replay, .minute)
    #expect(minute.clients.map(\.address) == ["10.0.0.2"])
    #expect(minute.sites.map(\.name) == ["web"])
    let five = try Self.window(replay, .fiveMinutes)
    let shop = try #require(five.sites.first { $0.name == "shop" })
    #expect(shop.calls.map(\.name) == ["/shop.Cart/Add"] && shop.calls[0].successes == 1)
    #expect(five.clients.map(\.requests) == [70, 1] && five.totals.calls.requests == 1)
  }
}
