// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// A site's gRPC methods: calls, those that were OK, the others by the name of their status, and how long they took.
  func drawCalls(_ region: Region, _ calls: [CallCounts]) {
    drawTitle(region, "gRPC", right: "\(calls.count)")
    let list = region.part(row: 1)
    for (row, call) in calls.prefix(list.height).enumerated() {
      let failed = call.statuses.filter { $0.name != "OK" }
      var line = FactLine(gap: 2)
      line.add(call.name, rank: 0, style: failed.isEmpty ? .plain : .strong)
      line.add("\(CountText.short(call.requests)) calls", rank: 1)
      let ok = call.statuses.first { $0.name == "OK" }?.count ?? 0
      if ok > 0 { line.add("\(CountText.short(ok)) OK", rank: 2, style: .good) }
      for status in failed {
        line.add("\(CountText.short(status.count)) \(status.name)", rank: 2, style: .bad)
      }
      for (name, count) in call.unanswered.named where count > 0 {
        line.add("\(CountText.short(count)) \(name)", rank: 3, style: .warning)
      }
      if call.latency.count > 0 { line.add("p99 \(CountText.latency(call.latency.p99))", rank: 4) }
      line.draw(list.part(row: row, height: 1), column: 1, style: .plain)
    }
  }
}
