// SPDX-License-Identifier: Apache-2.0

import Alerting
import Owners
import PcapCapture
import Reporting
import Statistics
import TLSCoverage

/// The options of a report read and checked: what the live watch and the reading of files both begin with.
struct ReportSettings {
  /// The single exchanges that are shown (`--where`); nil for all.
  let shown: ExchangeFilter?
  /// The segments that count (`--filter`); nil for all.
  let segments: SegmentFilter?
  /// The requests that count (`--only`); nil for all.
  let counted: ExchangeFilter?
  /// The length of an interval.
  let plan: IntervalPlan
  /// The alert rules, of which none has been evaluated yet.
  let alerts: AlertBoard

  /// - Throws: which of them is wrong, and why.
  init(_ options: ReportOptions) throws {
    shown = try options.filter()
    segments = try options.segmentFilter()
    counted = try options.choice()
    plan = try IntervalPlan(interval: options.interval.nanoseconds)
    alerts = try options.alerts.board(plan, pathDepth: options.pathDepth)
  }
}

extension Timeline {
  /// Has it tell apart what the rules are about, and name the owners of connections and the TLS that was not read.
  ///
  /// - Parameter owners: who names the owners; nil when nobody looks for them, and then no rule is about them.
  func setUp(for alerts: AlertBoard, owners: OwnerTable? = nil, coverage: TLSCoverage) {
    self.owners = owners
    self.coverage = coverage
    watchedOwners = alerts.owners
    watchedClients = alerts.clients
    watchedSections = alerts.sections
  }
}
