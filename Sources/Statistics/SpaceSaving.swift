// SPDX-License-Identifier: Apache-2.0

import System

/// The most frequent names of a stream, in fixed memory: Space-Saving in sets of eight.
///
/// A key's hash picks a set; in it the key is found by hash, then by its bytes, so that distinct names
/// stay distinct even when their hashes collide. A key that is missing from a full set takes the place
/// of the one counted least and inherits its count as `error`. For every key that is held
///
///     count - error <= occurrences while held <= occurrences in all <= count
///
/// as in Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data
/// Streams" (2005), applied to each set by itself: its keys never meet those of another one. No key is
/// refused; one seen more often than the others of its set cannot be missing.
///
/// A slot's generation counts its occupants, so that a late event for an earlier one is recognised.
final class SpaceSaving {
  /// Keys in a set; their hashes fill one cache line.
  static let ways = 8
  /// The longest name, bytes; longer ones are cut.
  static let nameWidth = 256
  /// The same of a client, whose name is its address.
  static let addressWidth = 16
  /// The same of an owner, whose name is a number.
  static let numberWidth = 8

  /// Names held at most; a power of two.
  let capacity: Int
  /// Bytes that a name has room for.
  private let width: Int
  private let setMask: UInt64
  // One element a slot; a set's slots are neighbours. 0 in `hashes` is a free slot.
  private let hashes: ZeroedStorage<UInt64>
  private let occupants: ZeroedStorage<Occupant>
  private let names: ZeroedStorage<UInt8>
  // 1 for a slot whose occupant never moves out; only a newcomer looks.
  private let pinned: ZeroedStorage<UInt8>

  /// The state of a slot's occupant beside the hash: half a cache line, all of which is needed to count it.
  struct Occupant: BitwiseCopyable {
    /// Never less than its occurrences.
    var count: UInt64 = 0
    /// Whose name this is: a word that belongs to the key, like the site of a section.
    var owner: UInt64
    /// The count inherited when it moved in.
    var error: UInt64
    /// Which occupant of the slot this is; never 0.
    var generation: UInt32
    /// Bytes of its name.
    var length: UInt32
  }

  /// Holds `budget` names, rounded up to a power of two, at least one set; none is longer than `width` bytes, which is
  /// at least 8.
  init(budget: Int, width: Int = nameWidth) throws(StatisticsError) {
    self.width = width
    var capacity = Self.ways
    while capacity < budget { capacity *= 2 }
    self.capacity = capacity
    setMask = UInt64(capacity / Self.ways - 1)
    hashes = try ZeroedStorage(count: capacity)
    occupants = try ZeroedStorage(count: capacity)
    names = try ZeroedStorage(count: capacity * width)
    pinned = try ZeroedStorage(count: capacity)
  }

  /// Counts one occurrence of a key and returns its slot; `owner` and the name make the key, and
  /// `hash` covers both.
  func count(_ name: RawSpan, hash: UInt64, owner: UInt64 = 0) -> Int {
    let name = name.byteCount <= width ? name : name.extracting(first: width)
    // The lowest bit only tells used slots from free ones; the set comes from the others.
    let mark = hash | 1
    let first = Self.firstSlot(hash, setMask: setMask)
    var way = 0
    while way < Self.ways {
      let slot = first &+ way
      if hashes[slot] == mark, holds(slot, name, owner) {
        occupants[slot].count &+= 1
        return slot
      }
      way &+= 1
    }
    let slot = admit(mark: mark, owner: owner, length: name.byteCount, set: first)
    names.copy(name, to: slot * width)
    return slot
  }

  /// Counts one occurrence of a key whose name is a number, in eight bytes from the highest on.
  func count(_ number: UInt64, hash: UInt64, owner: UInt64) -> Int {
    let mark = hash | 1
    let first = Self.firstSlot(hash, setMask: setMask)
    for slot in first..<first &+ Self.ways where hashes[slot] == mark && holds(slot, number, owner) {
      occupants[slot].count &+= 1
      return slot
    }
    let slot = admit(mark: mark, owner: owner, length: 8, set: first)
    for place in 0..<8 {
      names[slot &* width &+ place] = UInt8(truncatingIfNeeded: number &>> UInt64(56 &- 8 &* place))
    }
    return slot
  }

  /// The first slot of the set that a hash picks in a table of this capacity.
  static func firstSlot(_ hash: UInt64, capacity: Int) -> Int {
    firstSlot(hash, setMask: UInt64(capacity / ways - 1))
  }

  @inline(__always)
  private static func firstSlot(_ hash: UInt64, setMask: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash &>> 32) & setMask) &* ways
  }

  /// Gives a slot of the name's set to a name for good, before anything is counted.
  func pin(_ name: RawSpan, hash: UInt64, slot: Int) {
    hashes[slot] = hash | 1
    occupants[slot] = Occupant(owner: 0, error: 0, generation: 1, length: UInt32(name.byteCount))
    names.copy(name, to: slot * width)
    pinned[slot] = 1
  }

  func occupant(_ slot: Int) -> Occupant { occupants[slot] }

  /// Which occupant lives in a slot; 0 when none ever did.
  @inline(__always)
  func generation(_ slot: Int) -> UInt32 { occupants[slot].generation }

  /// The occupant's count: never less than its occurrences.
  func count(_ slot: Int) -> UInt64 { occupants[slot].count }

  /// Copies the occupant's name to `start` of `target`, and returns its length in bytes.
  func copyName(_ slot: Int, to target: borrowing ZeroedStorage<UInt8>, at start: Int) -> Int {
    let length = Int(occupants[slot].length)
    target.copy(names, from: slot * width, count: length, to: start)
    return length
  }

  /// Whether the occupant of a slot has this name.
  func isNamed(_ slot: Int, _ name: [UInt8]) -> Bool {
    Int(occupants[slot].length) == name.count && names.equals(name.rawSpan, at: slot * width)
  }

  @inline(__always)
  private func holds(_ slot: Int, _ name: RawSpan, _ owner: UInt64) -> Bool {
    let occupant = occupants[slot]
    return occupant.owner == owner && Int(occupant.length) == name.byteCount
      && names.equals(name, at: slot &* width)
  }

  private func holds(_ slot: Int, _ number: UInt64, _ owner: UInt64) -> Bool {
    let occupant = occupants[slot]
    guard occupant.owner == owner, occupant.length == 8 else { return false }
    return names.big64(slot &* width) == number
  }

  /// Gives a free slot of the set, or the one counted least, to a newcomer, whose name is then to be copied.
  @inline(never)
  private func admit(mark: UInt64, owner: UInt64, length: Int, set first: Int) -> Int {
    // A set's pinned slots are its first ones, and never all of them: the last one is free to take.
    var slot = first &+ Self.ways &- 1
    for candidate in (first..<slot).reversed() where pinned[candidate] == 0 {
      // A free slot has the count 0, which is the least there is; of equal ones the first is taken.
      if occupants[candidate].count <= occupants[slot].count { slot = candidate }
    }
    let inherited = occupants[slot].count
    let generation = occupants[slot].generation &+ 1
    hashes[slot] = mark
    occupants[slot] = Occupant(
      count: inherited &+ 1, owner: owner, error: inherited, generation: generation == 0 ? 1 : generation,
      length: UInt32(length))
    return slot
  }
}
