// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics
import Testing

/// Clients are counted by address, exactly as long as the table has room.
@Suite struct ClientTests {
  @Test func `requests and their ends are counted for the client of the request`() throws {
    let replay = try Replay()
    replay.at(1) { traffic in
      traffic.request("a", client: 0x0a00_0001, exchange: 0)
      traffic.request("b", client: 0x0a00_0001, exchange: 1)
      traffic.request("b", client: 0x0a00_0002, exchange: 2)
      traffic.request("", client: 0x0a00_0003, exchange: 3)
      traffic.request("b", client: 0x0a00_0003)
    }
    replay.at(2) { traffic in
      traffic.answer(0, status: 404, latency: 5_000_000)
      traffic.answer(1, status: 200, latency: 7_000_000)
      traffic.answer(2, status: 200, latency: 3_000_000)
      traffic.other(.aborted, exchange: 3)
    }
    let interval = try #require(replay.end().first)
    #expect(interval.clients.map(\.address) == ["10.0.0.1", "10.0.0.3", "10.0.0.2"])
    #expect(interval.clients.map(\.requests) == [2, 2, 1])
    #expect(interval.clients.map(\.successes) == [1, 0, 1])
    #expect(interval.clients.map(\.failures) == [1, 0, 0])
    #expect(interval.clients.map(\.unanswered.aborted) == [0, 1, 0])
    #expect(interval.clients.map(\.slowest) == [7_000_000, 0, 3_000_000])
    #expect(interval.clients.allSatisfy { $0.overcountMax == 0 } && interval.otherClients == OtherClients())
    let life = replay.timeline.summary(capture: CaptureCounters(), top: 1)
    #expect(life.clients.map(\.address) == ["10.0.0.1"])
    #expect(life.otherClients.clients == 2 && life.otherClients.requests == 3)
  }

  @Test
  func
    `an interval has what clients of rules asked for, apart, of both families and nothing when it was nothing`()
    throws
  {
    let replay = try Replay()
    let mapped: UInt64 = 0xffff_0000_0000
    let watched: [(high: UInt64, low: UInt64)] = [
      (0x2001_0db8_0000_0000, 1), (0, mapped | 0x0a00_0001), (0, mapped | 0x0a00_0009),
    ]
    replay.timeline.watchedClients = watched
    replay.at(1) { traffic in
      traffic.request("a", client: 0x0a00_0001, exchange: 0)
      traffic.request("a", client: 0x0a00_0001, exchange: 1)
      traffic.request("b", client: 0x0a00_0002)
      traffic.request("b", client: (0x2001_0db8_0000_0000, 1), exchange: 2)
    }
    replay.at(2) { traffic in
      traffic.answer(0, status: 404, latency: 5_000_000)
      traffic.answer(1, status: 200, latency: 5_000_000)
      traffic.other(.aborted, exchange: 2)
    }
    let interval = try #require(replay.end().first)
    #expect(interval.watched.map(\.subject) == watched.map { .client(high: $0.high, low: $0.low) })
    #expect(interval.watched.map(\.requests) == [1, 2, 0])
    #expect(interval.watched.map(\.failures) == [0, 1, 0] && interval.watched.map(\.successes) == [0, 1, 0])
    #expect(interval.watched.map(\.unanswered.aborted) == [1, 0, 0])
  }

  @Test func `addresses of both families keep their texts, and an interval begins at zero`() throws {
    let replay = try Replay()
    replay.at(1) { $0.request("a", client: (0x2001_0db8_0000_0000, 1)) }
    replay.at(11) { $0.request("a", client: 0xffff_ffff) }
    let closed = replay.end()
    #expect(closed.map { $0.clients.map(\.address) } == [["2001:db8::1"], ["255.255.255.255"]])
    let life = replay.timeline.summary(capture: CaptureCounters())
    #expect(life.clients.map(\.requests) == [1, 1])
    replay.timeline.resetTotals(capture: CaptureCounters())
    #expect(replay.timeline.summary(capture: CaptureCounters()).clients.isEmpty)
  }

  @Test func `beyond the table the sum stays exact, and the busiest client is listed first`() throws {
    let replay = try Replay()
    let others = 5_000
    for number in 0..<others {
      replay.at(1 + Double(number) / 1_000) { traffic in
        traffic.request("a", client: 0x0b00_0000 + UInt32(number), exchange: number % 1024)
        traffic.request("a", client: 0x0a00_0001)
        traffic.answer(number % 1024)
      }
    }
    _ = replay.end()
    let life = replay.timeline.summary(capture: CaptureCounters())
    let first = try #require(life.clients.first)
    #expect(first.address == "10.0.0.1")
    #expect(first.requests - first.overcountMax <= UInt64(others) && UInt64(others) <= first.requests)
    let listed = life.clients.reduce(0) { $0 + $1.requests - $1.overcountMax }
    #expect(listed + life.otherClients.requests == UInt64(2 * others))
    #expect(life.clients.count <= 512 && life.otherClients.clients > 0)
  }

  @Test func `the clients of two workers are added up, with what a full table may have missed`() throws {
    var budgets = StatisticsBudgets(pendingExchanges: 16)
    budgets.clients = 8
    let plan = try IntervalPlan(interval: 10 * Replay.second)
    let exchanges = try (0..<2).map { _ in try TallyExchange(budgets: budgets) }
    let writers = try exchanges.map { try TallyWriter($0, plan: plan, start: 0) }
    let timeline = try Timeline(exchanges, plan: plan, start: 0)
    for (index, writer) in writers.enumerated() {
      let traffic = Traffic()
      traffic.request("a", client: 1)
      // The second worker's table overflows.
      for number in 0..<UInt32(index == 0 ? 2 : 40) { traffic.request("a", client: 100 + number) }
      traffic.record(in: writer)
      writer.close(ledger: ExchangeCounters())
    }
    _ = timeline.finish(capture: CaptureCounters())
    let life = timeline.summary(capture: CaptureCounters())
    #expect(life.totals.requests == 44)
    let listed = life.clients.reduce(0) { $0 + $1.requests - $1.overcountMax }
    #expect(listed + life.otherClients.requests == 44)
    for client in life.clients where client.address == "0.0.0.100" || client.address == "0.0.0.101" {
      #expect(client.requests >= 2 && client.requests - client.overcountMax <= 2, "\(client)")
    }
  }
}
