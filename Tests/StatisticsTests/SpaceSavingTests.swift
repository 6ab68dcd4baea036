// SPDX-License-Identifier: Apache-2.0
import Exchanges
import Randomness
import Statistics
import Testing

@Suite struct SpaceSavingTests {
  /// Draws from a Zipf distribution (exponent 1) over this many ranks, by inversion of the harmonic sum.
  struct Zipf {
    private var cumulative: [Double] = []
    init(ranks: Int) {
      cumulative.reserveCapacity(ranks)
      var sum = 0.0
      for rank in 1...ranks {
        sum += 1 / Double(rank)
        cumulative.append(sum)
      }
    }
    func rank(_ generator: inout SeededGenerator) -> Int {
      let target = Double.random(in: 0..<(cumulative.last ?? 1), using: &generator)
      var low = 0
      var high = cumulative.count - 1
      while low < high {
        let middle = (low + high) / 2
        if cumulative[middle] <= target { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `the top twenty of a million Zipf names are right and every bound holds`(seed: UInt64) throws {
    let zipf = Zipf(ranks: 1_000_000)
    var generator = SeededGenerator(seed: seed)
    var truth = [UInt64](repeating: 0, count: 1_000_000)
    let replay = try Replay()
    #if DEBUG
      let draws = 300_000
    #else
      let draws = 5_000_000
    #endif
    for step in 0..<draws {
      let rank = zipf.rank(&generator)
      truth[rank] += 1
      replay.at(nanoseconds: UInt64(step) * 20_000) { $0.request("site-\(rank).example", "/\(rank % 7)") }
    }
    _ = replay.end()
    let life = replay.timeline.summary(capture: replay.capture)
    #expect(life.totals.requests == UInt64(draws))
    #expect(life.sites.count <= 2048)
    let ranking = truth.indices.sorted { (truth[$1], $0) < (truth[$0], $1) }.prefix(20)
    #expect(Set(life.sites.prefix(20).map(\.name)) == Set(ranking.map { "site-\($0).example" }))
    for site in life.sites {
      let rank = try #require(Int(site.name.dropFirst(5).dropLast(8)))
      #expect(site.requests - site.overcountMax <= truth[rank])
      #expect(truth[rank] <= site.requests)
    }
    let held = life.sites.map { $0.requests - $0.overcountMax }.reduce(0, +)
    #expect(held + life.other.requests == UInt64(draws))
    for interval in replay.closed {
      let listed = interval.sites.map(\.requests).reduce(0, +)
      #expect(listed + interval.other.requests == interval.totals.requests)
    }
  }

  @Test func `random names change neither the totals nor a busy site`() throws {
    let replay = try Replay(interval: 1_000_000_000)
    for number in 0..<200_000 {
      replay.at(Double(number) / 10_000) { traffic in
        traffic.request("flood-\(number)", "/\(number)")
        if number % 100 == 0 { traffic.request("victim", "/login") }
      }
    }
    _ = replay.end()
    let life = replay.timeline.summary(capture: replay.capture, top: 1)
    #expect(life.totals.requests == 202_000)
    #expect(life.sites.map(\.name) == ["victim"])
    #expect(life.sites.first.map { $0.requests - $0.overcountMax <= 2000 && $0.requests >= 2000 } == true)
    #expect(life.sites.first?.sections.first?.name == "/login")
  }

  @Test func `names that differ anywhere stay distinct`() throws {
    let replay = try Replay()
    let long = String(repeating: "x", count: 250)
    let names = [
      "a", "b", "ab", "abcdefgh", "abcdefgi", "abcdefghi", "abcdefghj", long, long + "y", long + "z",
    ]
    replay.at(1) { traffic in
      for name in names { traffic.request(name) }
    }
    let interval = try #require(replay.end().first)
    #expect(Set(interval.sites.map(\.name)) == Set(names))
    #expect(interval.sites.allSatisfy { $0.requests == 1 })
  }

  @Test func `names with the same hash stay distinct`() throws {
    let replay = try Replay()
    replay.at(1) { _ in }
    let traffic = Traffic()
    for name in ["one", "two", "one", "six"] {
      traffic.request(name)
    }
    for var event in traffic.events {
      event.site.hash = 7
      replay.writer.record(event, names: traffic.names)
    }
    let interval = try #require(replay.end().first)
    #expect(interval.sites.map(\.name) == ["one", "six", "two"])
    #expect(interval.sites.map(\.requests) == [2, 1, 1])
  }
}
