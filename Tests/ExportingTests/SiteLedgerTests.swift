// SPDX-License-Identifier: Apache-2.0
import Randomness
import Statistics
import Testing

@testable import Exporting

@Suite struct SiteLedgerTests {
  static let second: UInt64 = 1_000_000_000

  /// A ledger, what really happened, and what a reader saw of it so far.
  struct Trial {
    var ledger: SiteLedger
    var now: UInt64 = 1_000 * second
    var truth: [String: UInt64] = [:]
    var total: UInt64 = 0
    var seen: [String: UInt64] = [:]
    var listing = SiteListing()

    init(limit: Int) { ledger = SiteLedger(limit: limit) }

    /// A second in which these sites had this many requests, and others without a row this many.
    mutating func pass(_ requests: [String: UInt64], other: UInt64 = 0, seconds: UInt64 = 1) {
      var recent = RecentTraffic()
      for (name, count) in requests.sorted(by: { $0.key < $1.key }) where count > 0 {
        var site = SiteActivity(name: name)
        site.requests = count
        site.successes = count
        site.latencies.counts[3] = count
        site.kinds.methods[0] = count
        site.kinds.responses[1] = count
        recent.sites.append(site)
        truth[name, default: 0] += count
      }
      recent.other.requests = other
      recent.otherKinds.methods[9] = other
      total += requests.values.reduce(0, +) + other
      now += seconds * SiteLedgerTests.second
      ledger.add(recent, at: now, elapsed: seconds * SiteLedgerTests.second)
      // The life as a table that has lost nobody knows it.
      var life = Snapshot()
      life.sites = ledger.names.map {
        var site = SiteCounts(name: $0)
        site.requests = truth[$0] ?? 0
        return site
      }
      listing = ledger.listing(life)
    }

    var sum: UInt64 {
      listing.sites.map(\.outcomes.requests).reduce(listing.other.requests, +) + listing.unlisted
    }

    /// All requests by method, where none has left the page.
    var methods: [UInt64] {
      listing.sites.reduce(listing.other.kinds) { sum, site in
        var sum = sum
        sum.add(site.outcomes.kinds)
        return sum
      }.methods
    }

    func count(_ name: String) -> UInt64? { listing.sites.first { $0.name == name }?.outcomes.requests }

    /// Looks as a scraper does; false when a counter stepped back that had been seen before.
    mutating func look() -> Bool {
      var isMonotonic = true
      var now = Dictionary(listing.sites.map { ($0.name, $0.outcomes.requests) }, uniquingKeysWith: max)
      now[SiteLedger.otherName] = listing.other.requests
      for (name, count) in now {
        if let before = seen[name], count < before { isMonotonic = false }
        seen[name] = count
      }
      return isMonotonic
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `whatever sites come and go, no counter steps back and their sum is all requests`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let limit = Int.random(in: 1...6, using: &generator)
    var trial = Trial(limit: limit)
    var increase: UInt64 = 0
    for step in 0..<600 {
      // Favourites change every 100 steps, strangers come all the time, and silences are long enough to leave.
      let favourite = step / 100
      var requests: [String: UInt64] = [:]
      for index in 0..<UInt64.random(in: 0...8, using: &generator) {
        requests["s\((Int(index) + favourite) % 23)"] = .random(in: 0...20, using: &generator)
      }
      requests["x\(UInt64.random(in: 0...300, using: &generator))"] = 1
      let seconds: UInt64 = step % 97 == 0 ? 400 : 1
      let before = trial.seen
      trial.pass(requests, other: .random(in: 0...3, using: &generator), seconds: seconds)
      #expect(trial.sum == trial.total)
      #expect(trial.methods.reduce(0, +) + trial.listing.unlisted == trial.total)
      #expect(trial.listing.sites.count <= 2 * limit)
      for site in trial.listing.sites {
        let truth = trial.truth[site.name] ?? 0
        #expect(site.outcomes.requests <= truth)
        #expect(site.outcomes.requests + site.undercountMax >= truth)
        #expect(site.outcomes.successes == site.outcomes.requests)
        #expect(site.outcomes.kinds.methods[0] == site.outcomes.requests)
        #expect(site.latencies.count == site.outcomes.requests)
      }
      let isMonotonic = trial.look()
      #expect(isMonotonic)
      // What a reader of every second adds up, as Prometheus does: a series' first sample counts nothing.
      for (name, count) in trial.seen { increase += count - (before[name] ?? count) }
    }
    #expect(increase <= trial.total)
  }

  @Test func `a reader now and then misses only what a counter began with`() {
    var trial = Trial(limit: 3)
    var increase: UInt64 = 0
    for step in 0..<2_000 {
      let phase = step / 500
      trial.pass(["a\(phase)": 30, "b\(phase)": 20, "c\(phase)": 10, "d": 1])
      guard step % 15 == 0 else { continue }
      let before = trial.seen
      let isMonotonic = trial.look()
      #expect(isMonotonic)
      for (name, count) in trial.seen { increase += count - (before[name] ?? count) }
    }
    // Three sites begin at the start, and three take their places three times, each unseen for at most
    // fifteen seconds; the last look is up to fifteen seconds old.
    #expect(increase > trial.total - 5 * 15 * 61)
  }

  @Test func `a site is listed at once while there is room, from its first request on`() {
    var trial = Trial(limit: 2)
    trial.pass(["a": 5])
    #expect(trial.count("a") == 5 && trial.listing.sites[0].undercountMax == 0)
    trial.pass(["b": 1, "c": 1])
    #expect(trial.count("b") == 1 && trial.count("c") == nil)
    #expect(trial.listing.other.requests == 1)
  }

  @Test func `a busier site takes the place of the least busy one, which is shown on and rests`() {
    var trial = Trial(limit: 1)
    trial.pass(["old": 10])
    for _ in 0..<3 { trial.pass(["old": 1, "new": 100]) }
    let rested = trial.count("old")
    #expect(trial.count("new") != nil && rested != nil)
    for _ in 0..<60 { trial.pass(["old": 1, "new": 100]) }
    #expect(trial.count("old") == rested)
    for _ in 0..<90 { trial.pass(["old": 1, "new": 100]) }
    #expect(trial.count("old") == nil)
    #expect(trial.listing.unlisted == rested)
    #expect(trial.sum == trial.total)
  }

  @Test func `a site that returns continues where it was`() {
    var trial = Trial(limit: 1)
    trial.pass(["a": 50])
    trial.pass([:], seconds: 301)
    trial.pass([:], seconds: 121)
    #expect(trial.count("a") == nil && trial.listing.unlisted == 50)
    trial.pass(["a": 7])
    #expect(trial.count("a") == 57 && trial.listing.unlisted == 0)
    #expect(trial.sum == trial.total)
  }

  @Test func `two sites of the same pace do not take each other's place`() {
    var trial = Trial(limit: 1)
    trial.pass(["a": 10])
    for step in 0..<1_000 { trial.pass(step % 2 == 0 ? ["a": 10, "b": 9] : ["a": 9, "b": 10]) }
    #expect(trial.listing.sites.map(\.name) == ["a"])
  }

  @Test func `a name that stands for all others has no counter of its own`() {
    var trial = Trial(limit: 4)
    for _ in 0..<10 { trial.pass([SiteLedger.otherName: 5, "a": 1]) }
    #expect(trial.listing.sites.map(\.name) == ["a"])
    #expect(trial.listing.other.requests == 50)
  }

  @Test func `twenty thousand strangers leave the favourite its place, and the ledger small`() {
    var trial = Trial(limit: 5)
    for step in 0..<100 {
      var requests: [String: UInt64] = ["favourite": 40]
      for index in 0..<200 { requests["x\(step)-\(index)"] = 1 }
      trial.pass(requests)
    }
    #expect(trial.count("favourite") == 4_000)
    #expect(trial.listing.sites.count <= 10)
    #expect(trial.sum == trial.total)
  }

  @Test func `a reset leaves the errors true`() {
    var trial = Trial(limit: 1)
    trial.pass(["a": 10, "b": 3])
    trial.ledger.lifetimeReset(after: trial.listing)
    let before = trial.truth
    for _ in 0..<5 { trial.pass(["a": 1, "b": 100]) }
    // What the life knows is what was since.
    var life = Snapshot()
    life.sites = ["a", "b"].map {
      var site = SiteCounts(name: $0)
      site.requests = (trial.truth[$0] ?? 0) - (before[$0] ?? 0)
      return site
    }
    for site in trial.ledger.listing(life).sites {
      #expect(site.outcomes.requests + site.undercountMax >= trial.truth[site.name] ?? 0)
    }
  }
}
