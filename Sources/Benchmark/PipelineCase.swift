// SPDX-License-Identifier: Apache-2.0

import System
import Capture
import Exchanges
import HTTP1
import Statistics

/// From segment to tally: parsing, flow table, pairing and counting, as a worker does it.
enum PipelineCase {
  private static let flows = 1_000
  private static let exchangesPerFlow = 100

  static func run(sites: Int) -> Measurement {
    let requests = (0..<sites).map { Array(Traffic.request($0, padding: 180).utf8) }
    let response = Array(Traffic.response.utf8)
    let limits = ExchangeLimits()
    guard let plan = try? IntervalPlan(interval: 10_000_000_000),
      let tallyExchange = try? TallyExchange(
        budgets: StatisticsBudgets(pendingExchanges: limits.pendingRequests)),
      let writer = try? TallyWriter(tallyExchange, plan: plan, start: 1)
    else { return Measurement(name: "pipeline: no memory", unit: "", rounds: []) }
    var tracker = ExchangeTracker(limits: limits, depth: .heads, seed: 7)
    var sequences = [UInt32](repeating: 1, count: flows)
    var answers = [UInt32](repeating: 1, count: flows)
    var time: UInt64 = 2
    return .of("pipeline: segment to tally, pairing included, \(sites) sites", "ns/head") {
      var done = 0
      func feed(_ flow: Int, _ isRequest: Bool, _ bytes: [UInt8]) {
        let segment = Traffic.segment(
          flow: flow, isRequest: isRequest, sequence: isRequest ? sequences[flow] : answers[flow],
          acknowledgement: isRequest ? answers[flow] : sequences[flow], length: bytes.count, time: time)
        time += 100
        tracker.process(segment, bytes.rawSpan)
        var index = 0
        while index < tracker.batch.count {
          writer.record(tracker.batch[index], names: tracker.batch.names)
          index += 1
        }
        tracker.batch.clear()
        if isRequest {
          sequences[flow] &+= UInt32(bytes.count)
        } else {
          answers[flow] &+= UInt32(bytes.count)
        }
        done += 1
      }
      for round in 0..<exchangesPerFlow {
        for flow in 0..<flows {
          feed(flow, true, requests[(flow + round) % sites])
          feed(flow, false, response)
        }
      }
      return done
    }
  }
}
