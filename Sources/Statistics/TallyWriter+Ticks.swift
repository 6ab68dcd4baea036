// SPDX-License-Identifier: Apache-2.0

import System
package import Exchanges

extension TallyWriter {
  /// Whether a segment of this time belongs to a later tick: then `turn` comes first. A time that steps
  /// back belongs to the current tick.
  @inlinable
  package func isTickOver(_ time: UInt64) -> Bool { time >= tickEnd }

  /// Ends the tick when `time` (nanoseconds since 1970) is after it, and hands the tally over.
  ///
  /// `ledger` is what the tracker has counted so far. When the reporter is late the tally is kept and
  /// grows by another tick: a boundary blurs, nothing is lost.
  ///
  /// - Parameter oldestInFlight: when the request was read that the tracker has waited for longest; nil when none
  ///   waits.
  package func turn(at time: UInt64, ledger: ExchangeCounters, oldestInFlight: UInt64? = nil) {
    guard let start else {
      begin(at: time)
      return
    }
    guard time >= tickEnd else { return }
    let next = plan.tick(time &- start)
    publish(upTo: next, ledger: ledger, oldestInFlight: oldestInFlight)
    moveTo(next, start)
  }

  /// Leaves everything counted to the reporter; the worker's last call.
  package func close(ledger: ExchangeCounters, oldestInFlight: UInt64? = nil) {
    // The open tick is cut off: it is not complete, so the reporter's `finish` closes its interval.
    seal(upTo: tick, ledger: ledger, oldestInFlight: oldestInFlight)
    tallyExchange.close()
  }

  func begin(at time: UInt64) {
    start = time
    tallyExchange.workerTally.period.start = time
    tallyExchange.workerTally.period.hasBegun = true
    moveTo(0, time)
  }

  private func moveTo(_ tick: UInt64, _ start: UInt64) {
    self.tick = tick
    let end = start.addingReportingOverflow(plan.boundary(tick &+ 1))
    tickEnd = end.overflow ? .max : end.partialValue
  }

  private func publish(upTo next: UInt64, ledger: ExchangeCounters, oldestInFlight: UInt64?) {
    guard tallyExchange.hasSpare else { return }
    seal(upTo: next, ledger: ledger, oldestInFlight: oldestInFlight)
    tallyExchange.publish()
    tallyExchange.workerTally.period.firstTick = next
    tallyExchange.workerTally.period.start = start ?? 0
    tallyExchange.workerTally.period.hasBegun = true
  }

  /// Completes the tally with what the reporter needs to read it: its end, the ledger, new names.
  private func seal(upTo next: UInt64, ledger: ExchangeCounters, oldestInFlight: UInt64?) {
    let tally = tallyExchange.workerTally
    tally.period.endTick = next
    tally.period.ledger = ledger
    tally.period.oldestInFlight = oldestInFlight ?? 0
    announce(tally.sites, of: sites, known: knownSites, in: tally)
    announce(tally.sections, of: sections, known: knownSections, in: tally)
    announce(tally.clients, of: clients, known: knownClients, in: tally)
    announce(tally.customMethods, of: customMethods, known: knownMethods, in: tally)
    announce(tally.calls, of: calls, known: knownCalls, in: tally)
    announce(tally.siteOwners, of: siteOwners, known: knownSiteOwners, in: tally)
  }

  /// Attaches the names of occupants that the reporter has not met. A double buffer loses nothing, so a name
  /// need be sent once.
  private func announce(
    _ rows: CounterRows, of table: SpaceSaving, known: borrowing ZeroedStorage<UInt32>, in tally: Tally
  ) {
    for position in 0..<rows.count {
      let slot = rows.slot(at: position)
      let generation = rows.rows[slot].generation
      if known[slot] != generation {
        tally.announce(slot, of: table, in: rows)
        known[slot] = generation
      }
    }
  }
}
