// SPDX-License-Identifier: Apache-2.0

import Exchanges
import System
import Text

/// gRPC's methods: what requests of HTTP/2 are counted for beside their sites.
extension TallyWriter {
  /// Counts a request for its method, if it is a call; `owner` is its site.
  @inline(never)
  func countCall(_ event: ExchangeEvent, _ owner: UInt64, _ names: NameBuffer, _ tally: Tally) {
    var credit = Place()
    if event.call != .none {
      tally.totals[0].calls.count(event.call)
      let name = event.methodName
      let slot = calls.count(
        names.bytes(start: Int(name.start), count: Int(name.count)), hash: Self.mix(name.hash, owner),
        owner: owner)
      let generation = claim(slot, of: calls, in: tally.calls)
      tally.calls.rows[slot].counts.requests &+= 1
      credit = Place(slot: UInt32(truncatingIfNeeded: slot), generation: generation)
    }
    if let exchange = event.exchange?.offset, exchange < callCredits.count { callCredits[exchange] = credit }
  }

  /// Counts the end of a call for its method.
  @inline(never)
  func settleCall(_ event: ExchangeEvent, _ counts: NameCounts, _ tally: Tally) {
    guard let exchange = event.exchange?.offset, exchange < callCredits.count else { return }
    let credit = callCredits[exchange]
    guard credit.generation != 0 else { return }
    callCredits[exchange].generation = 0
    let slot = Int(credit.slot)
    guard calls.generation(slot) == credit.generation else { return }
    claim(slot, of: calls, in: tally.calls)
    tally.calls.rows[slot].counts.add(counts)
    if counts.answered > 0 { tally.calls.record(event.latency, status: Int(event.call.rawValue), slot: slot) }
  }
}
