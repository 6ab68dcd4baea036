// SPDX-License-Identifier: Apache-2.0

package import Exchanges
import System

extension TallyWriter {
  /// Begins to count the requests that wait at a moment: those of an earlier one count no longer.
  package func beginInFlight() { tallyExchange.withWorkerTally { $0.ownersInFlight.clear() } }

  /// Counts a request that waits for the owners of both ends.
  package func countInFlight(_ parties: ExchangeParties) {
    tallyExchange.withWorkerTally { $0.ownersInFlight.count(parties) }
  }

  /// Counts an exchange that has ended for the owners of both ends, and a request that waits at the end of all.
  @inline(__always)
  func countOwners(_ event: ExchangeEvent, _ parties: ExchangeParties, _ tally: Tally) {
    var counts = NameCounts()
    counts.requests = 1
    switch event.kind {
    case .answered:
      if case .failure = event.outcome { counts.failures = 1 } else { counts.successes = 1 }
    case .aborted: counts.unanswered.aborted = 1
    case .timedOut: counts.unanswered.timedOut = 1
    case .unknown: counts.unanswered.unknown = 1
    case .inFlight: return tally.ownersInFlight.count(parties)
    case .request, .interim, .unmatchedResponse: return
    }
    if event.kind != .answered, case .failure = event.outcome {
      (counts.failures, counts.resets) = (1, 1)
    }
    count(event, counts, for: parties.serverOwner, in: tally.servingOwners)
    count(event, counts, for: parties.clientOwner, in: tally.askingOwners)
    countSiteOwner(event, counts, parties.serverOwner, tally)
  }

  private func count(
    _ event: ExchangeEvent, _ counts: NameCounts, for owner: OwnerReference, in rows: CounterRows
  ) {
    let slot = Int(owner.place)
    // 0 is a row not in use: the unknown has no generation of its own.
    rows.claim(slot, generation: max(1, owner.generation), owner: 0, error: 0)
    rows.add(counts, slot: slot)
    if event.kind == .answered { rows.record(event.latency, status: place(event.status), slot: slot) }
  }

  /// Counts an exchange for its site and who served it.
  private func countSiteOwner(
    _ event: ExchangeEvent, _ counts: NameCounts, _ owner: OwnerReference, _ tally: Tally
  ) {
    let site = site(of: event)
    guard site != 0 else { return tally.siteOwners.countOther(counts) }
    let number = owner.number
    let hash = Self.mix(number &* 0xa076_1d64_78bd_642f, site)
    let slot = siteOwners.count(number, hash: hash, owner: site)
    claim(slot, of: siteOwners, in: tally.siteOwners)
    tally.siteOwners.add(counts, slot: slot)
  }
}

extension OwnerReference {
  /// The reference as a number, which is its name in the table of sites' owners.
  var number: UInt64 { UInt64(place) << 32 | UInt64(generation) }

  init(number: UInt64) {
    self.init(
      place: UInt16(truncatingIfNeeded: number >> 32), generation: UInt32(truncatingIfNeeded: number))
  }
}
