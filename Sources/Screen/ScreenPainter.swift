// SPDX-License-Identifier: Apache-2.0

import Alerting
package import Text
import Statistics

/// Draws the whole screen: the status line, the view, the hints, and what lies over them.
package struct ScreenPainter {
  package var glyphs: Glyphs
  package var zone: DisplayZone
  let content: ScreenContent
  let state: ScreenState
  /// Where everything went.
  package var map = ScreenMap()

  package init(_ content: ScreenContent, _ state: ScreenState, glyphs: Glyphs, zone: DisplayZone = .local) {
    self.content = content
    self.state = state
    self.glyphs = glyphs
    self.zone = zone
  }

  package mutating func draw(on canvas: any Canvas) {
    let all = Region(canvas)
    guard all.height > 0, all.width > 0 else { return }
    drawStatus(all.part(height: 1))
    let asks = state.mode == .filter || state.mode == .reset
    let hints = all.height >= 7 || asks ? 1 : 0
    let body = all.part(row: 1, height: all.height - 1 - hints)
    switch state.view {
    case .overview: drawOverview(body)
    case .site(let name): drawSite(name, body)
    case .clients: drawClients(body)
    case .owners(let role): drawOwners(role, body)
    case .slowest: drawSlowest(body)
    case .failures: drawFailures(body)
    case .live(let site): drawLive(body, of: site)
    case .exchange(let line, _): drawExchange(line, body)
    }
    drawFilterFault(body)
    if hints > 0 { drawHints(all.part(row: all.height - 1)) }
    if state.mode == .help { drawHelp(all) }
  }

  /// The line above a panel: a rule with its name, and what is to be known at once on the right.
  func drawTitle(_ region: Region, _ name: String, right: String = "", panel: ScreenState.Panel? = nil) {
    region.fill(row: 0, with: glyphs.rule, style: .faint)
    let hasKeys = panel != nil && panel == state.focus && state.view == .overview
    let title = " \(name) "
    region.put(title, row: 0, column: 1, style: hasKeys ? .focus : .title)
    let used = 1 + title.unicodeScalars.count
    let room = region.width - used - 4
    if !right.isEmpty, right.unicodeScalars.count <= room {
      region.put(" \(right) ", row: 0, endingAt: region.width - 1, style: .plain)
    }
  }

  /// Time of day, or day and time when that was not today or is long ago.
  func time(_ nanoseconds: UInt64) -> String {
    let label = CalendarTime(nanoseconds: nanoseconds, offset: zone.offset(nanoseconds)).label
    let isOld = content.now > nanoseconds && content.now - nanoseconds > 20 * 3600 * 1_000_000_000
    // Tue, 23 Feb 2021 04:06:18
    return isOld ? "\(label.dropFirst(5).prefix(6)) \(label.suffix(8).prefix(5))" : String(label.suffix(8))
  }
}
