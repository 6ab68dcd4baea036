// SPDX-License-Identifier: Apache-2.0

import Reporting
import Text
import TLSCoverage
import Statistics

extension ScreenPainter {
  /// The height of each part of the overview; what has no room has no height.
  struct Heights: Equatable {
    var totals = 0
    var coverage = 0
    var charts = 0
    var middle = 0
    var mix = 0
    var sites = 0
    var notices = 0

    /// This many rows, shared out: first what everybody needs, then what is good to have, then more of it.
    init(rows: Int, notices: Int, hasMix: Bool, hasCoverage: Bool = false) {
      var left = max(0, rows)
      func take(_ wanted: Int) -> Int {
        let taken = wanted <= left ? wanted : 0
        left -= taken
        return taken
      }
      sites = min(left, 6)
      left -= sites
      totals = take(1)
      middle = take(3)
      charts = take(3)
      self.notices = take(min(2, notices))
      if hasMix { mix = take(1) }
      if hasCoverage { coverage = take(1) }
      let steps: [(WritableKeyPath<Heights, Int>, Int)] = [
        (\.charts, 5), (\.middle, 5), (\.sites, 7), (\.charts, 6), (\.middle, 7),
      ]
      for (part, height) in steps where self[keyPath: part] > 0 {
        let more = min(left, max(0, height - self[keyPath: part]))
        self[keyPath: part] += more
        left -= more
      }
      guard charts > 0 else {
        sites += left
        return
      }
      let forMiddle = min(left / 6, 5), forCharts = min(left * 2 / 5, 14)
      middle += forMiddle
      charts += forCharts
      sites += left - forMiddle - forCharts
    }
  }

  mutating func drawOverview(_ body: Region) {
    let isWide = body.width >= 112
    let remarks = content.remarks
    let coverage = content.life.tls?.lines.joined(separator: "; ") ?? ""
    let heights = Heights(
      rows: body.height, notices: remarks.count, hasMix: !isWide, hasCoverage: !coverage.isEmpty)
    var row = 0
    func next(_ height: Int) -> Region {
      let part = body.part(row: row, height: height)
      row += height
      return part
    }
    if heights.totals > 0 { drawTotals(next(1)) }
    if heights.coverage > 0 { next(1).put(" \(VisibleText.cells(coverage))", row: 0) }
    if heights.charts > 0 { drawCharts(next(heights.charts)) }
    if heights.middle > 0 { drawMiddle(next(heights.middle)) }
    let sites = next(heights.sites)
    let beside = isWide ? min(44, body.width / 4) : 0
    drawSites(sites.part(width: sites.width - beside - (isWide ? 1 : 0)))
    if isWide { drawCounts(sites.part(column: sites.width - beside)) }
    if heights.mix > 0 { drawMix(next(1)) }
    for index in 0..<heights.notices {
      next(1).put(" ! \(VisibleText.cells(remarks[index]))", row: 0, style: .warning)
    }
  }

  private func drawCharts(_ region: Region) {
    guard region.width >= 56 else { return drawRate(region) }
    // Intervals of the past are kept without their latencies second by second.
    guard region.width >= 112, content.past == nil else {
      let left = region.width * 11 / 20
      drawRate(region.part(width: left))
      return drawOutcomes(region.part(column: left + 1))
    }
    let third = region.width / 3
    drawRate(region.part(width: third))
    drawOutcomes(region.part(column: third + 1, width: third - 1))
    drawLatency(region.part(column: 2 * third + 1))
  }

  private mutating func drawMiddle(_ region: Region) {
    guard region.width >= 56 else { return drawAlerts(region) }
    let left = region.width * 11 / 20
    drawAlerts(region.part(width: left))
    drawRecent(region.part(column: left + 1))
  }

  /// Methods above statuses, beside the sites.
  private mutating func drawCounts(_ region: Region) {
    let methods = min(max(2, content.shown.methods.count + 1), region.height / 2)
    let total = content.shown.totals.requests
    let upper = region.part(height: methods)
    map.panels[.methods] = upper
    drawTitle(upper, "Methods (\(content.windowLabel))", panel: .methods)
    drawShares(
      upper.part(row: 1), content.shown.methods.map { ($0.name, $0.count, Style.plain) }, of: total,
      from: state.scroll[.methods] ?? 0)
    let lower = region.part(row: methods)
    map.panels[.statuses] = lower
    drawTitle(lower, "Statuses (\(content.windowLabel))", panel: .statuses)
    let statuses = content.shown.statuses
    let calls = content.shown.totals.calls.statuses.map { call in
      ("gRPC \(call.name)", call.count, call.name == "OK" ? Style.good : .bad)
    }
    drawShares(
      lower.part(row: 1),
      statuses.map { ("\($0.status)", $0.count, Self.style(ofStatus: $0.status)) } + calls,
      of: statuses.reduce(0) { $0 &+ $1.count }, from: state.scroll[.statuses] ?? 0)
  }

  /// Methods and classes of statuses in one line, where there is no room for lists.
  private func drawMix(_ region: Region) {
    let shown = content.shown
    var line = FactLine(gap: 1)
    for (index, method) in shown.methods.enumerated() {
      let dot = index > 0 ? "\(glyphs.dot) " : ""
      line.add(
        "\(dot)\(method.name) \(CountText.percent(method.count, of: shown.totals.requests))",
        rank: index == 0 ? 0 : index + 2)
    }
    var classes = [UInt64](repeating: 0, count: 6)
    for status in shown.statuses { classes[min(status.status / 100, 6) - 1] &+= status.count }
    let answers = classes.reduce(0, &+)
    if !shown.methods.isEmpty { line.add("\(glyphs.divider)", rank: 1, style: .faint) }
    for (index, count) in classes.enumerated() where count > 0 || (1...4).contains(index) {
      let name = index < 5 ? "\(index + 1)xx" : "6xx+"
      let isFailure = index == 3 || index == 4
      line.add(
        "\(name) \(CountText.percent(count, of: answers))", rank: 1,
        style: count > 0 && isFailure ? .bad : count > 0 && index == 1 ? .good : .plain)
    }
    line.draw(region, column: 1, style: .plain)
  }

  static func style(ofStatus status: Int) -> Style {
    status >= 400 && status < 600 ? .bad : status >= 200 && status < 300 ? .good : .plain
  }

  /// Names with their counts, shares and bars.
  func drawShares(
    _ region: Region, _ items: [(name: String, count: UInt64, style: Style)], of whole: UInt64,
    from first: Int = 0
  ) {
    // A count and a share; a bar when the names have space enough without its columns.
    let numbers = 14
    let free = region.width - numbers - 2
    let bars = free >= 20 ? min(24, free * 2 / 5) : 0
    let names = max(4, free - bars)
    let top = max(0, min(first, items.count - region.height))
    for (row, item) in items.dropFirst(top).prefix(region.height).enumerated() {
      let name = region.part(row: row, column: 1, height: 1, width: names - 1)
      name.put(item.name, row: 0, style: item.style)
      region.put(CountText.short(item.count), row: row, endingAt: names + 8)
      region.put(CountText.percent(item.count, of: whole), row: row, endingAt: names + numbers, style: .faint)
      guard bars > 0, whole > 0 else { continue }
      let bar = glyphs.bar(Double(item.count) / Double(whole), width: bars)
      region.put(
        bar, row: row, column: names + numbers + 1, style: item.style == .plain ? .graph : item.style)
    }
  }
}
