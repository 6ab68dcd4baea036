// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// Requests a second over time, with the threshold of the alert in it.
  func drawRate(_ region: Region) {
    let threshold = content.alerts.threshold
    let plot = drawTimes(region)
    let bins = content.history.suffix(max(0, plot.width - Self.axisWidth))
    let values = bins.map { content.perSecond($0.requests) }
    let peak = values.max() ?? 0
    let right = fitting(rights(peak, threshold), beside: "Requests/s", region.width)
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

  /// What may stand on the right of the rate's title: the threshold too when it is out of sight.
  private func rights(_ peak: Double, _ threshold: Double?) -> [String] {
    let peak = "peak \(CountText.rate(peak))"
    guard let threshold, threshold > 0 else { return [peak] }
    let limit = CountText.rate(threshold)
    return ["\(peak), alert above \(limit)", "alert above \(limit)", "alert > \(limit)"]
  }

  /// The first of these texts that has room on the right of a title; the last one when none has.
  func fitting(_ texts: [String], beside title: String, _ width: Int) -> String {
    // The title, its spaces and the rule around it.
    texts.first { $0.unicodeScalars.count + title.count + 7 <= width } ?? texts.last ?? ""
  }

  /// Answers over time: what went well above, what failed below, both to one scale, so that five failures among
  /// thousands of answers look like five.
  func drawOutcomes(_ region: Region) {
    let last = content.history.last ?? TrafficHistory.Bin()
    let share = CountText.percent(last.failures, of: last.successes &+ last.failures)
    let failed = "failed \(CountText.rate(content.perSecond(last.failures))) \(share)"
    let texts = ["ok \(CountText.rate(content.perSecond(last.successes))), \(failed)", failed]
    drawTitle(region, "Answers/s", right: fitting(texts, beside: "Answers/s", region.width))
    let plot = drawTimes(region)
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

  /// The times of a chart in its last row, where it is high enough for one; returns the part that is for the chart.
  func drawTimes(_ region: Region) -> Region {
    let plot = region.part(row: 1)
    guard plot.height >= Self.lowestWithTimes else { return plot }
    let row = plot.height - 1, columns = plot.width - Self.axisWidth
    let length = Double(max(1, content.binLength)) / 1e9
    // Labels stand ten columns apart at least.
    guard let step = Self.timeSteps.first(where: { Double($0) / length >= 10 }) else { return plot }
    if content.past == nil { plot.put("now", row: row, endingAt: plot.width, style: .faint) }
    var seconds = step
    while Int((Double(seconds) / length).rounded()) + 4 <= columns {
      let column = plot.width - Int((Double(seconds) / length).rounded())
      plot.put(Self.timeLabel(seconds), row: row, endingAt: column, style: .faint)
      seconds += step
    }
    return plot.part(height: row)
  }

  /// Rows of a chart, times included, from which on it has them.
  private static let lowestWithTimes = 5

  /// Seconds between two times of a chart.
  private static let timeSteps = [
    10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800,
  ]

  private static func timeLabel(_ seconds: Int) -> String {
    for (unit, letter) in [(86_400, "d"), (3600, "h"), (60, "m")] where seconds % unit == 0 {
      return "-\(seconds / unit)\(letter)"
    }
    return "-\(seconds)s"
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
  /// Points over the columns, in the same places; 0 is none.
  var marks: [Double] = []
  /// How the axis writes a value.
  var label: (Double) -> String = CountText.rate

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
    drawMarks(plot)
  }

  private func drawMarks(_ plot: Region) {
    let shown = marks.suffix(plot.width)
    for (index, mark) in shown.enumerated() where mark > 0 {
      let height = min(plot.height - 1, Int(mark / top * Double(plot.height)))
      plot.put(
        String(glyphs.mark), row: plot.height - 1 - height, column: plot.width - shown.count + index,
        style: .warning)
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
      region.put(label(top), row: 0, endingAt: axis - 1, style: .faint)
    }
  }
}

extension Region {
  /// Blanks the first columns of a row.
  fileprivate func fill(row: Int, _ columns: Int) {
    put(String(repeating: " ", count: max(0, columns)), row: row)
  }
}
