// SPDX-License-Identifier: Apache-2.0

import Capture
package import Exchanges
package import System

/// A worker's stage between the tracker and the tallies: finds the owners of both ends of each exchange that has ended.
///
/// What was found for a connection is remembered; whether it still holds is one atomic load. One thread uses it, and
/// nothing is allocated after it was made.
package final class OwnerAttribution {
  /// One end of a connection. 12 bytes: with both of them a connection is half a cache line.
  private struct End: BitwiseCopyable {
    private var generation: UInt32 = 0
    /// The version of the slot when somebody was found; else the time before which nobody is looked for again.
    var versionOrRetry: UInt32 = 0
    private var place: UInt16 = 0
    /// 0 when nobody was found.
    var slotAndOne: UInt16 = 0

    var owner: OwnerReference { OwnerReference(place: place, generation: generation) }

    init() {}

    init(_ owner: OwnerReference, slotAndOne: UInt16, versionOrRetry: UInt32) {
      (place, generation) = (owner.place, owner.generation)
      (self.slotAndOne, self.versionOrRetry) = (slotAndOne, versionOrRetry)
    }
  }

  /// A connection, by the keyed hash of its ends, and whom the ends belong to. The hash is 0 where there is none yet.
  private struct Known: BitwiseCopyable {
    var hash: UInt64
    var client = End()
    var server = End()
  }

  /// Connections that are remembered, found by their hash; a power of two.
  private static let capacity = 8_192
  /// Somebody unknown is looked for again after a second, in units of 2^20 ns, about a millisecond.
  private static let pause: UInt32 = 954

  private let table: OwnerTable
  private let known: ZeroedStorage<Known>
  /// Of the events of a batch, the hashes of the connections to look for.
  private let hashes: ZeroedStorage<UInt64>
  /// The keys of the hash.
  private let secrets = FlowSecrets(seed: .random(in: .min ... .max))

  package init(_ table: OwnerTable) throws(SystemError) {
    self.table = table
    known = try ZeroedStorage(reserving: Self.capacity)
    hashes = try ZeroedStorage(reserving: EventBatch.capacity)
  }

  /// Completes the parties of a batch that `isAttributed`.
  package func attribute(_ batch: borrowing EventBatch) {
    // First prefetches the connections' entries, then uses them: a load that nothing waits for yet is nearly free.
    var index = 0
    while index < batch.count {
      hashes[index] = hashToLookFor(batch, index)
      index &+= 1
    }
    index = 0
    while index < batch.count {
      let hash = hashes[index]
      if hash != 0 { attribute(batch, index, hash) }
      index &+= 1
    }
  }

  /// The hash of the connection of an exchange that has ended, whose entry is prefetched; 0 when there is nothing to find.
  @inline(__always)
  private func hashToLookFor(_ batch: borrowing EventBatch, _ index: Int) -> UInt64 {
    switch batch[index].kind {
    case .answered, .aborted, .timedOut, .unknown, .inFlight: break
    case .request, .interim, .unmatchedResponse: return 0
    }
    let parties = batch.parties(index)
    guard parties.server.port != 0, table.mayKnow(parties) else { return 0 }
    let hash = hash(parties)
    known.prefetch(entryIndex(hash))
    return hash
  }

  private func attribute(_ batch: borrowing EventBatch, _ index: Int, _ hash: UInt64) {
    let event = batch[index]
    let isAnswered = event.kind == .answered
    let asked = isAnswered ? event.time &- event.latency : event.time
    batch.setParties(
      owners(of: batch.parties(index), hash, asked: asked, isExact: isAnswered, at: event.time, isKept: true),
      at: index)
  }

  /// The parties of a request that waits at `time` (capture time), completed. Of all that wait at once none takes the
  /// place of a connection that is remembered.
  package func ownersInFlight(_ parties: ExchangeParties, at time: UInt64) -> ExchangeParties {
    guard parties.server.port != 0, table.mayKnow(parties) else { return parties }
    return owners(of: parties, hash(parties), asked: time, isExact: false, at: time, isKept: false)
  }

  /// - Parameter isKept: what is found is remembered in place of another connection.
  private func owners(
    of parties: ExchangeParties, _ hash: UInt64, asked: UInt64, isExact: Bool, at now: UInt64, isKept: Bool
  ) -> ExchangeParties {
    var parties = parties
    let index = entryIndex(hash)
    var entry = known[index]
    let isKept = isKept || entry.hash == 0 || entry.hash == hash
    if entry.hash != hash { entry = Known(hash: hash) }
    resolve(
      &entry.client, (parties.client, parties.server), (parties.otherClient, parties.otherServer), asked,
      isExact, now)
    resolve(
      &entry.server, (parties.server, parties.client), (parties.otherServer, parties.otherClient), asked,
      isExact, now)
    if isKept { known[index] = entry }
    parties.clientOwner = entry.client.owner
    parties.serverOwner = entry.server.owner
    return parties
  }

  @inline(__always)
  private func resolve(
    _ end: inout End, _ ends: (local: Endpoint, remote: Endpoint),
    _ other: (local: Endpoint, remote: Endpoint), _ asked: UInt64, _ isExact: Bool, _ now: UInt64
  ) {
    let tick = UInt32(truncatingIfNeeded: now &>> 20)
    if end.slotAndOne > 0 {
      if table.isCurrent(slot: Int(end.slotAndOne) &- 1, version: end.versionOrRetry) { return }
    } else if end.versionOrRetry &- tick &- 1 < Self.pause {
      return
    }
    var found = table.find(ends.local, ends.remote, at: asked, isExact: isExact)
    // A process has the addresses of its own side of a translation.
    if found == nil, other.local.port != 0 {
      found = table.find(other.local, other.remote, at: asked, isExact: isExact)
    }
    if let found {
      end = End(
        found.owner, slotAndOne: UInt16(truncatingIfNeeded: found.slot &+ 1), versionOrRetry: found.version)
    } else {
      end = End(.unknown, slotAndOne: 0, versionOrRetry: tick &+ Self.pause)
    }
  }

  /// Never 0.
  private func hash(_ parties: ExchangeParties) -> UInt64 { secrets.hash(parties.client, parties.server) | 1 }

  private func entryIndex(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash &>> 1 & UInt64(Self.capacity &- 1))
  }
}
