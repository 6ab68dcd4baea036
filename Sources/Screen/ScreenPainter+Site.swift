// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// One site: its counts, sections, statuses, and how long its answers took.
  mutating func drawSite(_ name: String, _ body: Region) {
    let site = content.shown.sites.first { $0.name == name } ?? SiteCounts(name: name)
    drawSiteTotals(site, body)
    let hasOwners = site.owners.contains { $0.process != nil }
    if hasOwners { drawSiteOwners(site.owners, body.part(row: 2, height: 1)) }
    let rest = body.part(row: hasOwners ? 3 : 2)
    let isWide = body.width >= 56
    // The histogram takes what it needs of the lower half.
    let bars = LatencyScale(content.site?.latencies ?? [], rows: max(3, rest.height / 2 - 1)).bars
    let lower = rest.height < 8 ? 0 : max(3, min(bars.count + 1, rest.height / 2))
    let methods = min(site.calls.isEmpty ? 0 : site.calls.count + 1, (rest.height - lower) / 2)
    let upper = rest.part(height: rest.height - lower - methods)
    if methods > 1 { drawCalls(rest.part(row: upper.height, height: methods), site.calls) }
    let sections = isWide ? upper.part(width: upper.width * 11 / 20) : upper
    drawSections(sections, of: site)
    if isWide { drawStatuses(upper.part(column: upper.width * 11 / 20 + 1)) }
    guard lower > 0 else { return }
    let panel = rest.part(row: rest.height - lower)
    drawTitle(
      panel, "Latency (as seen on this host)",
      right: "\(CountText.short(site.latency.count)) answers (\(content.windowLabel))")
    drawBars(bars, panel.part(row: 1), of: content.site?.latencies.reduce(0) { $0 &+ $1.count } ?? 0)
  }

  private func drawSiteTotals(_ site: SiteCounts, _ body: Region) {
    let total = content.shown.totals.requests
    let answers = site.successes &+ site.failures
    body.put(" \(Region.cut(site.name, body.width - 2))", row: 0, style: .strong)
    var line = FactLine(gap: 3)
    let most = site.overcountMax > 0 ? " (overcounted by at most \(CountText.short(site.overcountMax)))" : ""
    line.add(
      "\(CountText.short(site.requests)) requests\(most), \(CountText.percent(site.requests, of: total)) of all",
      rank: 0)
    line.add("\(CountText.rate(content.ratePerSecond(site.requests)))/s", rank: 3)
    line.add(
      "\(CountText.short(site.successes)) ok \(CountText.percent(site.successes, of: answers))", rank: 1,
      style: .good)
    line.add(
      "\(CountText.short(site.failures)) failed \(CountText.percent(site.failures, of: answers))", rank: 1,
      style: site.failures > 0 ? .bad : .plain)
    for (name, count) in site.unanswered.named where count > 0 {
      line.add("\(CountText.short(count)) \(name)", rank: 3, style: .warning)
    }
    if site.latency.count > 0 {
      line.add("p50 \(CountText.latency(site.latency.p50))", rank: 2)
      line.add("p90 \(CountText.latency(site.latency.p90))", rank: 5)
      line.add("p99 \(CountText.latency(site.latency.p99))", rank: 2)
      line.add("max \(CountText.latency(site.latency.maximum))", rank: 4)
    }
    line.draw(body.part(row: 1, height: 1), column: 1, style: .plain)
  }

  /// Who served the site: those with the most exchanges, as many as there is room for.
  private func drawSiteOwners(_ owners: [SiteOwner], _ region: Region) {
    let all = owners.reduce(0) { $0 &+ $1.requests }
    var line = FactLine(gap: 3)
    for (rank, owner) in owners.enumerated() {
      let name = "\(rank == 0 ? "served by " : "")\(OwnerCounts(role: .server, process: owner.process).label)"
      line.add("\(name)  \(CountText.percent(owner.requests, of: all))", rank: rank)
    }
    line.draw(region, column: 1, style: .plain)
  }

  private func drawStatuses(_ region: Region) {
    drawTitle(region, "Statuses (\(content.windowLabel))")
    guard let statuses = content.site?.statuses else {
      region.part(row: 1).put(
        "\(content.windowed == nil ? "the site has left the tables" : "no request in the \(content.windowLabel)")",
        row: 0, column: 1, style: .faint)
      return
    }
    let items = statuses.map { item in
      let digit = item.name.utf8.first { $0 >= UInt8(ascii: "1") && $0 <= UInt8(ascii: "9") }
      return (
        item.name, item.count, Self.style(ofStatus: Int(digit.map { $0 - UInt8(ascii: "0") } ?? 0) * 100)
      )
    }
    drawShares(region.part(row: 1), items, of: statuses.reduce(0) { $0 &+ $1.count })
    if items.isEmpty { region.part(row: 1).put("no answer yet", row: 0, column: 1, style: .faint) }
  }

  private func drawBars(_ bars: [LatencyScale.Bar], _ region: Region, of whole: UInt64) {
    let most = bars.map(\.count).max() ?? 0
    let width = max(0, region.width - 36)
    for (row, bar) in bars.prefix(region.height).enumerated() {
      let label = "\(CountText.latency(bar.from)) to \(CountText.latency(bar.upTo))"
      region.put(label, row: row, endingAt: 17)
      region.put(CountText.short(bar.count), row: row, endingAt: 26)
      region.put(CountText.percent(bar.count, of: whole), row: row, endingAt: 32, style: .faint)
      guard most > 0 else { continue }
      region.put(
        glyphs.bar(Double(bar.count) / Double(most), width: width), row: row, column: 34, style: .graph)
    }
    if bars.isEmpty { region.put("no answer yet", row: 0, column: 1, style: .faint) }
  }
}

/// Latencies gathered into few bars with round limits: 1, 2, 5, 10 and so on, or powers of ten when those
/// are too many.
struct LatencyScale: Equatable {
  struct Bar: Equatable {
    /// Nanoseconds.
    var from: UInt64
    var upTo: UInt64
    var count: UInt64
  }

  private(set) var bars: [Bar] = []

  /// At most `rows` bars where powers of ten allow it, from the first to the last that is not empty.
  init(_ counts: [LatencyCount], rows: Int) {
    guard let first = counts.first, let last = counts.last else { return }
    for steps in [[1, 2, 5], [1]] as [[UInt64]] {
      var limits: [UInt64] = [0]
      var unit: UInt64 = 1000
      while unit <= 1_000_000_000_000 {
        limits += steps.map { $0 * unit }
        unit *= 10
      }
      limits.append(.max)
      let all = zip(limits, limits.dropFirst()).map { Bar(from: $0, upTo: $1, count: 0) }
      bars = all.filter { $0.upTo > first.nanoseconds && $0.from <= last.nanoseconds }
      if bars.count <= rows { break }
    }
    for count in counts {
      guard let place = bars.firstIndex(where: { count.nanoseconds < $0.upTo }) else { continue }
      bars[place].count &+= count.count
    }
  }
}
