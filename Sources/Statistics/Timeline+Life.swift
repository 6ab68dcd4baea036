// SPDX-License-Identifier: Apache-2.0

package import Capture
import Exchanges
import TLSCoverage

/// The numbers that a screen needs between two intervals: the open one so far, and totals that are reset.
extension Timeline {
  /// The open interval up to the last tick that all workers have handed over; nil before there is one.
  package func openInterval(capture: CaptureCounters, top: Int? = nil) -> Snapshot? {
    guard let start else { return nil }
    let reached = min(max(progress.min() ?? 0, firstTick), firstTick &+ plan.ticksPerInterval)
    var snapshot = snapshot(.interval, of: interval, top: top)
    snapshot.start = start &+ plan.boundary(firstTick)
    snapshot.end = start &+ plan.boundary(reached)
    snapshot.isComplete = false
    snapshot.requestsByTick = Array(requestsByTick[..<Int(reached &- firstTick)])
    snapshot.capture = capture.since(captureBefore)
    snapshot.ledger = ledger - ledgerBefore
    snapshot.inFlight = inFlight(at: snapshot.end)
    snapshot.tls = coverage?.interval
    return snapshot
  }

  /// Resets the totals: totals, sites and the ledger count from here on. Intervals, and with them the
  /// alerts, continue.
  package func resetTotals(capture: CaptureCounters) {
    guard let start else { return }
    let reached = start &+ plan.boundary(max(progress.min() ?? 0, firstTick))
    // What the capture has counted and no worker has handed over yet is seen after the reset, so it counts from there.
    var before = capture
    before.matched = min(capture.matched, ledger.delivered &+ capture.lost)
    lifeBefore = (reached, before, ledger)
    life.clear()
    coverage?.clearLife()
    for replica in replicas { replica.clearLife() }
    windows?.reset(tick: max(progress.min() ?? 0, firstTick))
  }
}
