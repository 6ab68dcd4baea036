// SPDX-License-Identifier: Apache-2.0

import Exchanges
import System

/// The requests that waited at one moment, by the owners of both ends.
final class OwnersInFlight {
  /// The requests of one place.
  private struct Entry: BitwiseCopyable {
    var generation: UInt32
    var count: UInt32
  }

  /// The servers' places, then the clients'; a count of 0 is an entry not in use.
  private let entries: ZeroedStorage<Entry>
  /// Whether anything was counted since all was forgotten: without owners nothing ever is.
  private var isUsed = false

  init() throws(StatisticsError) {
    entries = try ZeroedStorage(count: 2 * OwnerReference.places)
  }

  /// Counts a request that waits.
  func count(_ parties: ExchangeParties) {
    isUsed = true
    count(parties.serverOwner, from: 0)
    count(parties.clientOwner, from: OwnerReference.places)
  }

  /// Forgets all.
  func clear() {
    if isUsed { entries.clear(from: 0, count: entries.count) }
    isUsed = false
  }

  /// Becomes what another one is.
  func copy(from other: OwnersInFlight) {
    guard isUsed || other.isUsed else { return }
    isUsed = other.isUsed
    for index in 0..<entries.count { entries[index] = other.entries[index] }
  }

  /// The owners of one side that requests wait for, or that wait for them.
  func counts(_ role: OwnerCounts.Role) -> [(owner: OwnerReference, count: UInt64)] {
    let first = role == .server ? 0 : OwnerReference.places
    return (0..<OwnerReference.places).compactMap { place in
      let entry = entries[first + place]
      guard entry.count > 0 else { return nil }
      return (OwnerReference(place: UInt16(place), generation: entry.generation), UInt64(entry.count))
    }
  }

  private func count(_ owner: OwnerReference, from first: Int) {
    let index = first &+ Int(owner.place), generation = max(1, owner.generation)
    if entries[index].count > 0, entries[index].generation != generation {
      // The place has another owner since: one of both is among the others.
      return count(.other, from: first)
    }
    entries[index].generation = generation
    entries[index].count &+= 1
  }
}
