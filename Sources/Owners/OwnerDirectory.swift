// SPDX-License-Identifier: Apache-2.0

import Exchanges

/// The owners that are counted apart, in a fixed number of places; each has a reference that stays its own.
///
/// Who is kept is decided as in Space-Saving (`SpaceSaving`): the one with the fewest exchanges gives its place to a new
/// one, which inherits their number, so that none with more than a `capacity`th of all can be missing. Nobody is counted
/// too often, for what the one before had is among the others' from then on. One that has connections stays. While all have
/// some, new ones count as `Owner.other`.
struct OwnerDirectory {
  private struct Place {
    var owner: Owner
    var generation: UInt32 = 1
    /// Live connections.
    var connections = 0
    /// Exchanges of both sides, with those inherited.
    var exchanges: UInt64 = 0
    var lastUse: UInt64 = 0
    /// The process that was found first; nil while none was.
    var process: ProcessIdentity?
    var hasSeveral = false
  }

  /// Owners that are counted apart, besides the unknown and the others.
  static let capacity = OwnerReference.places - 2

  private var places: [Place] = []
  private var byOwner: [Owner: Int] = [:]
  private var uses: UInt64 = 0

  /// The reference of an owner, of which one more connection is live.
  mutating func use(_ owner: Owner) -> OwnerReference {
    uses += 1
    let index: Int
    if let known = byOwner[owner] {
      index = known
    } else if places.count < Self.capacity {
      index = places.count
      places.append(Place(owner: owner))
      byOwner[owner] = index
    } else if let free = least {
      index = free
      byOwner[places[index].owner] = nil
      byOwner[owner] = index
      let generation = places[index].generation &+ 1
      places[index] = Place(
        owner: owner, generation: max(1, generation), exchanges: places[index].exchanges)
    } else {
      return .other
    }
    places[index].connections += 1
    places[index].lastUse = uses
    return OwnerReference(place: UInt16(index + 2), generation: places[index].generation)
  }

  /// A process of an owner was found at the end of an exchange.
  mutating func find(_ reference: OwnerReference, _ process: ProcessIdentity) {
    guard let index = index(reference) else { return }
    if places[index].process == nil { places[index].process = process }
    if places[index].process != process { places[index].hasSeveral = true }
  }

  /// Exchanges of an owner have ended.
  mutating func count(_ reference: OwnerReference, exchanges: UInt64) {
    guard let index = index(reference) else { return }
    places[index].exchanges &+= exchanges
  }

  /// One connection of an owner is live no longer.
  mutating func release(_ reference: OwnerReference) {
    guard let index = index(reference) else { return }
    places[index].connections -= 1
  }

  /// No connection is known any longer.
  mutating func releaseAll() {
    for index in places.indices { places[index].connections = 0 }
  }

  /// Who a reference stands for; nil for the unknown, and for one that gave its place away.
  func process(_ reference: OwnerReference) -> OwnerProcess? {
    if reference == .other { return OwnerProcess(owner: .other) }
    guard let index = index(reference) else { return nil }
    let place = places[index]
    return OwnerProcess(owner: place.owner, process: place.hasSeveral ? nil : place.process?.number)
  }

  private func index(_ reference: OwnerReference) -> Int? {
    let index = Int(reference.place) - 2
    guard places.indices.contains(index), places[index].generation == reference.generation else { return nil }
    return index
  }

  /// The place with the fewest exchanges; of equal ones the one that was used least lately.
  private var least: Int? {
    places.indices.filter { places[$0].connections <= 0 }.min {
      (places[$0].exchanges, places[$0].lastUse) < (places[$1].exchanges, places[$1].lastUse)
    }
  }
}

/// A process that no later one is taken for: numbers are given again.
struct ProcessIdentity: Equatable, Sendable {
  var number: UInt32
  /// The time when it began, hundredths of a second since the machine's start: /proc tells no more.
  var started: UInt64

  /// - Parameter started: in nanoseconds.
  init(number: UInt32, started: UInt64) {
    self.number = number
    self.started = started / 10_000_000
  }
}
