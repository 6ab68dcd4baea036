// SPDX-License-Identifier: Apache-2.0
import Randomness
import Statistics
import Testing

@Suite struct LatencyTests {
  /// The total and the site's summary of these latencies.
  private func summaries(_ latencies: [UInt64]) throws -> (total: LatencySummary, site: LatencySummary) {
    let replay = try Replay()
    for latency in latencies {
      replay.at(1) { traffic in
        traffic.request("a", exchange: 0)
        traffic.answer(0, latency: latency)
      }
    }
    let interval = try #require(replay.end().first)
    return (interval.latency, try #require(interval.sites.first).latency)
  }

  private func isNear(_ value: UInt64, _ truth: UInt64, _ share: Double, _ floor: UInt64) -> Bool {
    let difference = value > truth ? value - truth : truth - value
    return difference <= floor || Double(difference) <= share * Double(truth)
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `quantiles keep their stated precision from a microsecond to an hour`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let latencies = (0..<5000).map { _ in
      UInt64(1000 * Double.random(in: 0..<3.6e9, using: &generator).squareRoot() * seed.asDouble)
    }
    let sorted = latencies.sorted()
    let (total, site) = try summaries(latencies)
    #expect(total.count == 5000 && site.count == 5000)
    #expect(total.maximum == sorted.last && site.maximum == sorted.last)
    for (quantile, a, b) in [
      (0.5, total.p50, site.p50), (0.9, total.p90, site.p90), (0.99, total.p99, site.p99),
    ] {
      let truth = sorted[Int((quantile * 5000).rounded(.up)) - 1]
      #expect(isNear(a, truth, 1.0 / 64, 16))
      #expect(isNear(b, truth, 1.0 / 16, 64))
    }
  }

  @Test func `every power of two and its neighbours keep the precision`() throws {
    for exponent in 0..<42 {
      for value in [(1 << exponent) - 1, 1 << exponent, (1 << exponent) + 1] as [UInt64] {
        // A longer one beside it, so that the maximum does not correct the quantile.
        let (total, site) = try summaries([value, value, value * 2 + 200])
        #expect(isNear(total.p50, value, 1.0 / 64, 16))
        #expect(isNear(site.p50, value, 1.0 / 16, 64))
      }
    }
  }

  @Test func `one latency is its own every quantile, and the longest possible one does not trap`() throws {
    let one = try summaries([1_234_567])
    #expect(one.total.p50 <= 1_234_567 && one.total.maximum == 1_234_567)
    let longest = try summaries([.max, 0])
    #expect(longest.total.maximum == .max)
    #expect(longest.site.p50 <= 64)
  }
}

extension UInt64 {
  var asDouble: Double { Double(self) }
}
