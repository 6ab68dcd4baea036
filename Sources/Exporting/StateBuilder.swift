// SPDX-License-Identifier: Apache-2.0

package import Alerting
package import Capture
package import Reporting
package import AlertDelivery
package import Statistics

/// Writes a published state a second from the timeline: the reporter's thread owns it.
package final class StateBuilder {
  /// Nanoseconds from one published state to the next.
  package static let pace: UInt64 = 1_000_000_000
  /// Moments that are kept: ten minutes.
  static let memory = 600

  /// The values that the program has beside the timeline.
  package struct PublishInput {
    package var label: CaptureLabel
    package var notices: [String] = []
    /// The states of sending alerts on.
    package var deliveries: [DeliveryState] = []
    /// What the outputs have dropped since the start.
    package var outputs = OutputCounters()
    package var alerts: [AlertStatus] = []
    /// The rules, as JSON lines show them.
    package var board = AlertBoard()
    package var capture = CaptureCounters()
    package var gauges = CaptureGauges()
    package var interfacesDown: [String] = []
    /// Nanoseconds to add to times of the capture clock, but for those of the rules, for people to read.
    package var shift: Int64 = 0
    package init(label: CaptureLabel) { self.label = label }
  }

  private let board: StatePublisher
  private let version: String
  private let started: UInt64
  private let top: Int
  private let cost = ProcessCost()
  private var sites: SiteLedger
  private var owners: OwnerLedger
  private var knowsOwners = false
  private var traffic = TrafficCounters()
  private var lifeStart: UInt64 = 0
  private var listing = SiteListing()
  private var history: [Sample] = []
  private var last: UInt64
  private var lost: UInt64 = 0

  /// A writer that lists this many sites; `started` is the beginning of the timeline.
  package init(_ board: StatePublisher, version: String, started: UInt64, sites: Int) {
    self.board = board
    self.version = version
    self.started = started
    self.sites = SiteLedger(limit: sites)
    owners = OwnerLedger(limit: sites)
    top = sites
    last = started
  }

  /// Whether a published state is due.
  package func isDue(_ now: UInt64) -> Bool { now >= last &+ Self.pace || now < last }

  /// Posts the state of `now`, nanoseconds since 1970.
  package func write(_ timeline: Timeline, at now: UInt64, _ input: PublishInput) {
    guard let recent = timeline.takeRecent() else { return }
    // A clock that was set back makes a moment of no length, not one of centuries.
    let elapsed = now > last ? now - last : 1
    traffic.add(recent)
    sites.add(recent, at: now, elapsed: elapsed)
    if let recent = recent.owners {
      owners.add(recent, at: now, elapsed: elapsed)
      knowsOwners = true
    }
    var moment = Sample(at: now, elapsed: elapsed)
    moment.totals = recent.totals
    moment.latency = recent.latency
    moment.lost = input.capture.lost &- lost
    history.append(moment)
    if history.count > Self.memory { history.removeFirst(history.count - Self.memory) }
    lost = input.capture.lost
    last = now
    board.post(published(timeline, now, input))
  }

  private func published(_ timeline: Timeline, _ now: UInt64, _ input: PublishInput) -> PublishedState {
    let life = timeline.summary(capture: input.capture, top: top, naming: sites.names)
    var published = PublishedState(
      label: input.label, version: version, started: started, at: now, life: life)
    for window in board.wanted {
      published.windows[window] = timeline.window(window, capture: input.capture, top: top)
    }
    published.traffic = traffic
    published.capture = input.capture
    published.ledger = timeline.ledger
    published.notices = input.notices
    published.deliveries = input.deliveries
    published.outputs = input.outputs
    if life.start != lifeStart {
      if lifeStart != 0 { sites.lifetimeReset(after: listing) }
      lifeStart = life.start
    }
    listing = sites.listing(life)
    published.sites = listing
    published.owners = knowsOwners ? owners.listing : nil
    published.tls = timeline.coverage?.total
    published.alerts = input.alerts
    published.board = input.board
    published.gauges = input.gauges
    published.interfacesDown = input.interfacesDown
    published.cost = cost.read()
    published.history = history
    let reached = timeline.reached ?? started
    published.lag = now > reached ? now - reached : 0
    published.move(by: input.shift)
    return published
  }
}
