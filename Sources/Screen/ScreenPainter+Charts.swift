// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// Requests a second over time, with the threshold of the alert in it.
  func drawRate(_ region: Region) {
    let threshold = content.alerts.threshold
    let plot = region.part(row: 1)
    let bins = content.history.suffix(max(0, plot.width - Self.axisWidth))
    let values = bins.map { content.perSecond($0.requests) }
    let peak = values.max() ?? 0
    let right = right(peak, threshold)
    let span = CountText.span(UInt64(max(0, plot.width - Self.axisWidth)) &* content.binLength)
    let long = "Requests/s, last \(span)"
    // The threshold matters more than the time that the chart spans.
    let hasRoom = long.count + right.count + 7 <= region.width
    drawTitle(region, hasRoom ? long : "Requests/s", right: right)
    var chart = ColumnChart(values: values, glyphs: glyphs)
    chart.top = Self.ceiling(peak)
    if let threshold, threshold > 0, threshold <= max(peak * 4, 1) {
      chart.top = max(chart.top, Self.ceiling(threshold))
      chart.threshold = threshold
    }
    chart.draw(plot, axis: Self.axisWidth)
  }

  /// What stands on the right of the rate's title: the threshold too when it is out of sight.
  private func right(_ peak: Double, _ threshold: Double?) -> String {
    guard let threshold, threshold > 0 else { return "peak \(CountText.rate(peak))" }
    return "peak \(CountText.rate(peak)), alert above \(CountText.rate(threshold))"
  }

  /// Answers over time: what went well above, what failed below, both to one scale, so that five failures among
  /// thousands of answers look like five.
  func drawOutcomes(_ region: Region) {
    let last = content.history.last ?? TrafficHistory.Bin()
    let share = CountText.percent(last.failures, of: last.successes &+ last.failures)
    drawTitle(
      region, "Answers/s",
      right: "ok \(CountText.rate(content.perSecond(last.successes))), "
        + "failed \(CountText.rate(content.perSecond(last.failures))) \(share)")
    let plot = region.part(row: 1)
    let bins = content.history.suffix(max(0, plot.width - Self.axisWidth))
    let failuresHeight = plot.height / 2
    var successes = ColumnChart(values: bins.map { content.perSecond($0.successes) }, glyphs: glyphs)
    (successes.style, successes.name) = (.good, "ok")
    var failures = ColumnChart(values: bins.map { content.perSecond($0.failures) }, glyphs: glyphs)
    let top = Self.ceiling(max(successes.values.max() ?? 0, failures.values.max() ?? 0))
    // Of an odd number of rows, the lower chart has one less: a row stands for as much in both.
    successes.top = top
    failures.top = top * Double(max(1, failuresHeight)) / Double(max(1, plot.height - failuresHeight))
    failures.isTopShown = failuresHeight * 2 == plot.height
    successes.draw(plot.part(height: plot.height - failuresHeight), axis: Self.axisWidth)
    (failures.style, failures.name) = (.bad, "failed")
    failures.draw(plot.part(row: plot.height - failuresHeight), axis: Self.axisWidth)
  }

  /// Columns of a chart's labels.
  static let axisWidth = 7

  /// The next round number, so that the scale does not change with every value.
  static func ceiling(_ value: Double) -> Double {
    guard value.isFinite, value > 1 else { return 1 }
    var unit = 1.0
    while unit * 10 < value { unit *= 10 }
    for step in [1.0, 1.5, 2, 3, 4, 5, 6, 8] where unit * step >= value { return unit * step }
    return unit * 10
  }
}

/// Values as columns that grow upwards, the newest on the right.
struct ColumnChart {
  var values: [Double]
  var glyphs: Glyphs
  /// The value that fills the height.
  var top = 1.0
  /// Whether the axis names it.
  var isTopShown = true
  var threshold: Double?
  var style = Style.graph
  /// Stands on the axis at the bottom, where a zero would.
  var name: String?

  init(values: [Double], glyphs: Glyphs) {
    self.values = values
    self.glyphs = glyphs
  }

  /// Draws it behind an axis of this many columns.
  func draw(_ region: Region, axis: Int) {
    let plot = region.part(column: axis)
    guard plot.height > 0, plot.width > 0 else { return }
    let line = threshold.map { plot.height - 1 - min(plot.height - 1, Int($0 / top * Double(plot.height))) }
    drawAxis(region, axis, line)
    if let line { plot.fill(row: line, with: glyphs.threshold, style: .threshold) }
    let steps = glyphs.columns.count - 1
    let shown = values.suffix(plot.width)
    for (index, value) in shown.enumerated() where value > 0 {
      let exact = min(1, value / top) * Double(plot.height * steps)
      let filled = max(1, Int(exact.rounded()))
      let isExcess = threshold.map { value > $0 } ?? false
      let column = plot.width - shown.count + index
      for row in 0..<plot.height {
        let part = min(steps, filled - (plot.height - 1 - row) * steps)
        guard part > 0 else { continue }
        plot.put(
          String(glyphs.columns[part]), row: row, column: column,
          style: isExcess && row <= (line ?? 0) ? .excess : style)
      }
    }
  }

  private func drawAxis(_ region: Region, _ axis: Int, _ line: Int?) {
    let bottom = region.height - 1
    for row in 0...bottom { region.put(String(glyphs.axis), row: row, column: axis - 1, style: .faint) }
    region.put(name ?? "0", row: bottom, endingAt: axis - 1, style: name == nil ? .faint : style)
    if let threshold, let line, line < bottom || name == nil {
      region.fill(row: line, axis - 1)
      region.put(CountText.rate(threshold), row: line, endingAt: axis - 1, style: .threshold)
    }
    if bottom > 0, line != 0, isTopShown {
      region.put(CountText.rate(top), row: 0, endingAt: axis - 1, style: .faint)
    }
  }
}

extension Region {
  /// Blanks the first columns of a row.
  fileprivate func fill(row: Int, _ columns: Int) {
    put(String(repeating: " ", count: max(0, columns)), row: row)
  }
}
