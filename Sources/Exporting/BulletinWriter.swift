// SPDX-License-Identifier: Apache-2.0

package import Alerting
package import Capture
package import Presentation
package import Statistics

/// Writes a bulletin a second from the timeline: the reporter's thread owns it.
package final class BulletinWriter {
  /// Nanoseconds from one bulletin to the next.
  package static let pace: UInt64 = 1_000_000_000
  /// Moments that are kept: ten minutes.
  static let memory = 600

  /// What the program knows beside the timeline.
  package struct Circumstances {
    package var label: CaptureLabel
    package var notices: [String] = []
    /// How it goes with sending alerts on.
    package var deliveries: [DeliveryState] = []
    package var alerts: [AlertStanding] = []
    /// The rules, as JSON lines show them.
    package var board = AlertBoard()
    package var capture = CaptureCounters()
    package var gauges = CaptureGauges()
    package var interfaceDownSince: UInt64?
    package init(label: CaptureLabel) { self.label = label }
  }

  private let board: BulletinBoard
  private let version: String
  private let started: UInt64
  private let top: Int
  private let cost = ProcessCost()
  private var sites: SiteLedger
  private var traffic = TrafficCounters()
  private var lifeStart: UInt64 = 0
  private var listing = SiteListing()
  private var history: [Moment] = []
  private var last: UInt64
  private var lost: UInt64 = 0

  /// A writer that lists so many sites; `started` is the beginning of the timeline.
  package init(_ board: BulletinBoard, version: String, started: UInt64, sites: Int) {
    self.board = board
    self.version = version
    self.started = started
    self.sites = SiteLedger(limit: sites)
    top = sites
    last = started
  }

  /// Whether a bulletin is due.
  package func isDue(_ now: UInt64) -> Bool { now >= last &+ Self.pace || now < last }

  /// Posts the state of `now`, nanoseconds since 1970.
  package func write(_ timeline: Timeline, at now: UInt64, _ circumstances: Circumstances) {
    guard let recent = timeline.takeRecent() else { return }
    // A clock that was set back makes a moment of no length, not one of centuries.
    let elapsed = now > last ? now - last : 1
    traffic.add(recent)
    sites.add(recent, at: now, elapsed: elapsed)
    var moment = Moment(at: now, elapsed: elapsed)
    moment.totals = recent.totals
    moment.latency = recent.latency
    moment.lost = circumstances.capture.lost &- lost
    history.append(moment)
    if history.count > Self.memory { history.removeFirst(history.count - Self.memory) }
    lost = circumstances.capture.lost
    last = now
    board.post(bulletin(timeline, now, circumstances))
  }

  private func bulletin(_ timeline: Timeline, _ now: UInt64, _ circumstances: Circumstances) -> Bulletin {
    let life = timeline.summary(capture: circumstances.capture, top: top, naming: sites.names)
    var bulletin = Bulletin(
      label: circumstances.label, version: version, started: started, at: now, life: life)
    bulletin.traffic = traffic
    bulletin.capture = circumstances.capture
    bulletin.ledger = timeline.ledger
    bulletin.notices = circumstances.notices
    bulletin.deliveries = circumstances.deliveries
    if life.start != lifeStart {
      if lifeStart != 0 { sites.lifeBegunAnew(after: listing) }
      lifeStart = life.start
    }
    listing = sites.listing(life)
    bulletin.sites = listing
    bulletin.alerts = circumstances.alerts
    bulletin.board = circumstances.board
    bulletin.gauges = circumstances.gauges
    bulletin.interfaceDownSince = circumstances.interfaceDownSince
    bulletin.cost = cost.read()
    bulletin.history = history
    let reached = timeline.reached ?? started
    bulletin.lag = now > reached ? now - reached : 0
    return bulletin
  }
}
