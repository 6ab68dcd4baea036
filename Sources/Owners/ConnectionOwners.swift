// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges

/// The owners of both ends of connections, for the last connections that there were.
///
/// It has a fixed number of slots, taken in turn: a closed connection gives its slot up, an open one is passed over
/// once. Where two namespaces claim the same pair of addresses, the watched one's counts; where neither is the watched
/// one, nobody is the owner.
struct ConnectionOwners {
  /// One process's end of a connection.
  struct Key: Hashable {
    var local: Endpoint
    var remote: Endpoint
  }

  /// The state of an end of a connection.
  struct Entry {
    var key: Key
    var owner: OwnerReference
    var process: ProcessIdentity
    var network: UInt32
    /// The time when the socket was closed, capture time; 0 while it is open.
    var closed: UInt64 = 0
    /// The time when the connection before it on the same addresses was closed; 0 when there was none.
    var closedBefore: UInt64 = 0
    var isAmbiguous = false
    var wasUsed = true
  }

  static let capacity = 16_384
  /// Nanoseconds after its end for which a connection may still be asked for by a request of unknown age.
  static let patience: UInt64 = 1_000_000_000
  /// The number of open connections that are passed over to find a slot.
  private static let steps = 64

  let versions: ConnectionVersions
  /// The local ports of all ends here.
  let ports = LocalPorts()
  /// The number of ends that have each local port.
  private var portCounts = [UInt32](repeating: 0, count: 1 << 16)
  private let network: UInt32
  private let capacity: Int
  private var entries: [Entry] = []
  private var slots: [Key: Int] = [:]
  private var hand = 0

  /// - Parameter network: the watched network namespace.
  init(network: UInt32, capacity: Int = ConnectionOwners.capacity) {
    self.network = network
    self.capacity = capacity
    versions = ConnectionVersions(count: capacity)
  }

  var count: Int { slots.count }

  /// Notes the owner of an end; returns the owner that has this connection no longer.
  mutating func note(
    _ key: Key, _ owner: OwnerReference, _ process: ProcessIdentity, network: UInt32
  ) -> OwnerReference? {
    guard network == self.network || !key.local.isLoopback else { return owner }
    guard let slot = slots[key] else {
      return add(Entry(key: key, owner: owner, process: process, network: network))
    }
    let before = entries[slot]
    if before.closed == 0, before.network != network {
      if before.network == self.network { return owner }
      if network != self.network {
        change(slot) {
          $0.owner = .unknown
          $0.isAmbiguous = true
        }
        return before.owner
      }
    }
    if before.isAmbiguous, before.closed == 0, network != self.network { return owner }
    change(slot) {
      $0 = Entry(
        key: key, owner: owner, process: process, network: network,
        closedBefore: before.closed > 0 ? before.closed : before.closedBefore)
    }
    return before.closed == 0 ? before.owner : nil
  }

  /// Notes that an end was closed; returns the owner that has this connection no longer.
  mutating func close(_ key: Key, network: UInt32, at time: UInt64) -> OwnerReference? {
    guard let slot = slots[key], entries[slot].closed == 0 else { return nil }
    guard entries[slot].network == network || entries[slot].isAmbiguous else { return nil }
    change(slot) { $0.closed = max(time, 1) }
    return entries[slot].owner
  }

  /// The owner of an end at the time of a request, and its slot; nil when nobody is known.
  ///
  /// - Parameter isExact: whether `time` is when the request came, and not when it was given up.
  mutating func find(_ key: Key, at time: UInt64, isExact: Bool) -> (entry: Entry, slot: Int)? {
    guard let slot = slots[key] else { return nil }
    let entry = entries[slot]
    guard entry.owner != .unknown else { return nil }
    let since = isExact ? time : time > Self.patience ? time - Self.patience : 0
    if entry.closed > 0, since > entry.closed { return nil }
    if entry.closedBefore > 0, since <= entry.closedBefore { return nil }
    entries[slot].wasUsed = true
    return (entry, slot)
  }

  /// Forgets all connections.
  mutating func removeAll() {
    for slot in entries.indices { versions.change(slot) }
    entries.removeAll(keepingCapacity: true)
    for key in slots.keys { removePort(key.local.port) }
    slots.removeAll(keepingCapacity: true)
    hand = 0
  }

  private mutating func change(_ slot: Int, _ body: (inout Entry) -> Void) {
    body(&entries[slot])
    versions.change(slot)
  }

  private mutating func addPort(_ port: UInt16) {
    portCounts[Int(port)] += 1
    ports.insert(port)
  }

  private mutating func removePort(_ port: UInt16) {
    portCounts[Int(port)] -= 1
    if portCounts[Int(port)] == 0 { ports.remove(port) }
  }

  private mutating func add(_ entry: Entry) -> OwnerReference? {
    addPort(entry.key.local.port)
    if entries.count < capacity {
      slots[entry.key] = entries.count
      entries.append(entry)
      return nil
    }
    for _ in 0..<Self.steps where entries[hand].closed == 0 && entries[hand].wasUsed {
      entries[hand].wasUsed = false
      hand = (hand + 1) % capacity
    }
    let slot = hand, before = entries[slot]
    hand = (hand + 1) % capacity
    slots[before.key] = nil
    removePort(before.key.local.port)
    slots[entry.key] = slot
    change(slot) { $0 = entry }
    return before.closed == 0 ? before.owner : nil
  }
}
