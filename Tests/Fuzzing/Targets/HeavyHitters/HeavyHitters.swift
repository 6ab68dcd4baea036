// SPDX-License-Identifier: Apache-2.0

import Packets
import HTTP1
import System
import Randomness
@testable import Statistics
import Support
import Text

/// Space-Saving against exact counts: its bounds hold for every name, whatever the names and their hashes.
enum HeavyHitters: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<100).map { _ in
      (0..<Int.random(in: 4..<300, using: &random)).map { _ in
        // Some names much more often than others.
        UInt8.random(in: 0...UInt8.random(in: 0...255, using: &random), using: &random)
      }
    }
  }

  private struct Key: Hashable {
    var name: [UInt8]
    var owner: UInt64
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    let budget = script.below(40)
    // All hashes alike, a few, or good ones.
    let hashing = script.byte() % 3
    guard let table = try? SpaceSaving(budget: budget), let copy = try? ZeroedStorage<UInt8>(count: 256)
    else {
      return expect(false, "there is memory")
    }
    var exact: [Key: UInt64] = [:]
    var setTotals: [Int: UInt64] = [:]
    var slots: [Key: Int] = [:]
    while !script.isOver {
      let choice = script.byte()
      var name = Array("site-\(choice >> 1)".utf8)
      // Names off the wire are shorter than what is kept.
      if choice & 0xf0 == 0xf0 { name = [UInt8](repeating: choice, count: script.below(256)) }
      let owner = UInt64(choice & 1)
      let good = NameHash.fold(NameHash.hash(name.span.bytes, seed: 3), owner &+ 0x9e37_79b9_7f4a_7c15)
      let hash = hashing == 0 ? 0 : hashing == 1 ? good << 32 & 3 << 32 : good
      let key = Key(name: name, owner: owner)
      let before = slots[key].map { table.generation($0) }
      let slot = table.count(name.span.bytes, hash: hash, owner: owner)
      exact[key, default: 0] += 1
      setTotals[slot / SpaceSaving.ways, default: 0] += 1
      if let old = slots[key], old != slot {
        expect(table.generation(old) != 0 && before != nil, "a name moves by losing its place")
      }
      slots = slots.filter { $0.value != slot }
      slots[key] = slot
      check(table, slot, key, copy, exact)
    }
    for (key, slot) in slots { check(table, slot, key, copy, exact) }
    for (set, total) in setTotals {
      let first = set * SpaceSaving.ways
      let sum = (first..<first + SpaceSaving.ways).reduce(0) { $0 + table.count($1) }
      expect(sum == total, "a set's counts add up to what was counted in it")
    }
  }

  private static func check(
    _ table: SpaceSaving, _ slot: Int, _ key: Key, _ copy: borrowing ZeroedStorage<UInt8>,
    _ exact: [Key: UInt64]
  ) {
    let occupant = table.occupant(slot), count = table.count(slot), truth = exact[key] ?? 0
    expect(occupant.owner == key.owner && occupant.generation != 0, "the slot is the key's")
    let length = table.copyName(slot, to: copy, at: 0)
    expect((0..<length).map { copy[$0] } == key.name, "the name is the key's")
    expect(
      count - occupant.error <= truth && truth <= count,
      "the bounds hold: \(count), \(occupant.error), \(truth)")
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  HeavyHitters.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe HeavyHitters.run(bytes, count)
}
