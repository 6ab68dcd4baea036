// SPDX-License-Identifier: Apache-2.0

/// The counts of keys, by Space-Saving: the most frequent ones keep their rows.
struct FrequentRows<Key: Hashable & Sendable>: Sendable {
  struct Row: Sendable {
    var key: Key
    var count: UInt64
    /// What the key's row had when the key took it.
    var inherited: UInt64
  }

  private let capacity: Int
  private(set) var rows: [Row] = []
  private var places: [Key: Int] = [:]

  /// - Parameter capacity: rows at most: the least of them gives way.
  init(capacity: Int) { self.capacity = capacity }

  mutating func count(_ key: Key) {
    if let place = places[key] {
      rows[place].count &+= 1
    } else if rows.count < capacity {
      places[key] = rows.count
      rows.append(Row(key: key, count: 1, inherited: 0))
    } else {
      // The first of the least, so that the same connections give the same rows.
      var least = 0
      for place in rows.indices where rows[place].count < rows[least].count { least = place }
      places[rows[least].key] = nil
      places[key] = least
      rows[least] = Row(key: key, count: rows[least].count &+ 1, inherited: rows[least].count)
    }
  }
}
