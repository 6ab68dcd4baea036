// SPDX-License-Identifier: Apache-2.0

package import Exchanges
import System

extension TallyWriter {
  /// Counts the exchanges that have ended for the owners of both ends; `parties` are those of `events`.
  package func recordOwners(_ events: Span<ExchangeEvent>, _ parties: Span<ExchangeParties>) {
    tallyExchange.withWorkerTally { tally in
      for index in 0..<min(events.count, parties.count) {
        let event = events[index]
        var counts = NameCounts()
        counts.requests = 1
        switch event.kind {
        case .answered:
          if case .failure = event.outcome { counts.failures = 1 } else { counts.successes = 1 }
        case .aborted: counts.unanswered.aborted = 1
        case .timedOut: counts.unanswered.timedOut = 1
        case .unknown: counts.unanswered.unknown = 1
        case .request, .interim, .unmatchedResponse, .inFlight: continue
        }
        if event.kind != .answered, case .failure = event.outcome {
          (counts.failures, counts.resets) = (1, 1)
        }
        count(event, counts, for: parties[index].serverOwner, in: tally.servingOwners)
        count(event, counts, for: parties[index].clientOwner, in: tally.askingOwners)
      }
    }
  }

  private func count(
    _ event: ExchangeEvent, _ counts: NameCounts, for owner: OwnerReference, in rows: CounterRows
  ) {
    let slot = Int(owner.place)
    // 0 is a row not in use: the unknown has no generation of its own.
    rows.claim(slot, generation: max(1, owner.generation), owner: 0, error: 0)
    rows.rows[slot].counts.add(counts)
    if event.kind == .answered { rows.record(event.latency, status: place(event.status), slot: slot) }
  }
}
