// SPDX-License-Identifier: Apache-2.0

import Capture
package import Exchanges
package import System

/// A worker's stage between the tracker and the tallies: finds the owners of both ends of each exchange that has ended.
///
/// What was found for a connection is remembered; whether it still holds is one atomic load. One thread uses it, and
/// nothing is allocated after it was made.
package final class OwnerAttribution {
  /// One end of a connection; `slotAndOne` is 0 when nobody was found.
  private struct End: BitwiseCopyable {
    var owner: OwnerReference
    var slotAndOne: UInt32
    var version: UInt32
    /// Nobody is looked for again before, capture time.
    var retry: UInt64
  }

  /// A connection and its ends.
  private struct Known: BitwiseCopyable {
    var client: Endpoint
    var server: Endpoint
    var clientEnd: End
    var serverEnd: End
  }

  /// Connections that are remembered, found by their hash; a power of two.
  private static let capacity = 8_192
  /// Nanoseconds after which somebody unknown is looked for again.
  private static let pause: UInt64 = 1_000_000_000

  private let table: OwnerTable
  private let known: ZeroedStorage<Known>
  /// What places are keyed with.
  private let secrets = FlowSecrets(seed: .random(in: .min ... .max))

  package init(_ table: OwnerTable) throws(SystemError) {
    self.table = table
    known = try ZeroedStorage(reserving: Self.capacity)
  }

  /// Completes the parties of a batch that `isAttributed`.
  package func attribute(_ batch: borrowing EventBatch) {
    var index = 0
    while index < batch.count {
      switch batch[index].kind {
      case .answered, .aborted, .timedOut, .unknown, .inFlight: attribute(batch, index)
      case .request, .interim, .unmatchedResponse: break
      }
      index &+= 1
    }
  }

  private func attribute(_ batch: borrowing EventBatch, _ index: Int) {
    let event = batch[index]
    let isAnswered = event.kind == .answered
    let asked = isAnswered ? event.time &- event.latency : event.time
    batch.setParties(
      owners(of: batch.parties(index), asked: asked, isExact: isAnswered, at: event.time, isKept: true),
      at: index)
  }

  /// The parties of a request that waits at `time` (capture time), completed. Of all that wait at once none takes the
  /// place of a connection that is remembered.
  package func ownersInFlight(_ parties: ExchangeParties, at time: UInt64) -> ExchangeParties {
    owners(of: parties, asked: time, isExact: false, at: time, isKept: false)
  }

  /// - Parameter isKept: what is found is remembered in place of another connection.
  private func owners(
    of parties: ExchangeParties, asked: UInt64, isExact: Bool, at now: UInt64, isKept: Bool
  ) -> ExchangeParties {
    guard parties.server.port != 0, table.mayKnow(parties) else { return parties }
    var parties = parties
    let place = place(parties)
    var entry = known[place]
    var isKept = isKept || entry.server.port == 0
    if entry.client != parties.client || entry.server != parties.server {
      let nobody = End(owner: .unknown, slotAndOne: 0, version: 0, retry: 0)
      entry = Known(client: parties.client, server: parties.server, clientEnd: nobody, serverEnd: nobody)
    } else {
      isKept = true
    }
    resolve(
      &entry.clientEnd, (parties.client, parties.server), (parties.otherClient, parties.otherServer), asked,
      isExact, now)
    resolve(
      &entry.serverEnd, (parties.server, parties.client), (parties.otherServer, parties.otherClient), asked,
      isExact, now)
    if isKept { known[place] = entry }
    parties.clientOwner = entry.clientEnd.owner
    parties.serverOwner = entry.serverEnd.owner
    return parties
  }

  private func resolve(
    _ end: inout End, _ ends: (local: Endpoint, remote: Endpoint),
    _ other: (local: Endpoint, remote: Endpoint), _ asked: UInt64, _ isExact: Bool, _ now: UInt64
  ) {
    if end.slotAndOne > 0 {
      if table.isCurrent(slot: Int(end.slotAndOne) &- 1, version: end.version) { return }
    } else if now < end.retry {
      return
    }
    var found = table.find(ends.local, ends.remote, at: asked, isExact: isExact)
    // A process has the addresses of its own side of a translation.
    if found == nil, other.local.port != 0 {
      found = table.find(other.local, other.remote, at: asked, isExact: isExact)
    }
    if let found {
      end = End(
        owner: found.owner, slotAndOne: UInt32(truncatingIfNeeded: found.slot &+ 1), version: found.version,
        retry: 0)
    } else {
      end = End(owner: .unknown, slotAndOne: 0, version: 0, retry: now &+ Self.pause)
    }
  }

  private func place(_ parties: ExchangeParties) -> Int {
    Int(truncatingIfNeeded: secrets.hash(parties.client, parties.server) & UInt64(Self.capacity &- 1))
  }
}
