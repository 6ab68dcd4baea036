// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// Latencies over time: the median as columns, p99 as points, both to one scale.
  func drawLatency(_ region: Region) {
    let last = content.history.last { $0.p99 > 0 }
    let p50 = "p50 \(CountText.latency(last?.p50 ?? 0))", p99 = "p99 \(CountText.latency(last?.p99 ?? 0))"
    let texts =
      last == nil
      ? [] : ["\(glyphs.columns.last ?? " ") \(p50) \(glyphs.mark) \(p99)", "\(p50), \(p99)", p99]
    drawTitle(region, "Latency", right: fitting(texts, beside: "Latency", region.width))
    let plot = drawTimes(region)
    let bins = content.history.suffix(max(0, plot.width - Self.axisWidth))
    var chart = ColumnChart(values: bins.map { Double($0.p50) }, glyphs: glyphs)
    chart.marks = bins.map { Double($0.p99) }
    chart.top = Self.ceiling(max(1000, chart.marks.max() ?? 0))
    chart.label = { CountText.latency(UInt64($0)) }
    chart.draw(plot, axis: Self.axisWidth)
  }
}
