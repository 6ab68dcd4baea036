// SPDX-License-Identifier: Apache-2.0

import Capture
import TLSRecords

/// Both ends of a connection, in one order from whichever side they are seen.
struct ConnectionEnds: Hashable, Sendable {
  private var first: Endpoint
  private var second: Endpoint

  init(_ a: Endpoint, _ b: Endpoint) {
    let isInOrder = (a.high, a.low, a.port) <= (b.high, b.low, b.port)
    (first, second) = isInOrder ? (a, b) : (b, a)
  }
}

/// The connections whose hellos were seen of late, each once however often its hello is seen: sent again, on its way
/// through the machine under other addresses, or asked for once more by the server (the random is the same then).
///
///     forgotten ... first ─ decided, still known ─ undecided ─ waits to be decided ─ next
struct SeenConnections: Sendable {
  struct Connection: Sendable {
    var hello: ClientHello
    var client: Endpoint
    var server: Endpoint
    /// Capture time of its first hello.
    var time: UInt64
    /// It is counted.
    var isDecided = false
    /// The pairs of ends under which it was seen.
    var ends: [ConnectionEnds]
    /// The reason why it cannot be read, if somebody knows.
    var reason: CoverageReason?
  }

  /// Pairs of ends that a connection is known by at most: a gateway of two translations has three.
  private static let mostEnds = 4
  /// Texts of connections whose hellos have not come yet are kept for two turns of this many at most.
  private static let mostReads = 4_096

  private let capacity: Int
  private var connections: [UInt64: Connection] = [:]
  private var numbers: [HelloRandom: UInt64] = [:]
  private var numbersByEnds: [ConnectionEnds: UInt64] = [:]
  private var first: UInt64 = 0
  private var undecided: UInt64 = 0
  private var next: UInt64 = 0
  /// The time when text of connections came last, by their ends: this turn's and the last one's.
  private var reads: [ConnectionEnds: UInt64] = [:]
  private var earlierReads: [ConnectionEnds: UInt64] = [:]

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { connections.count }

  /// Notes a hello; the connection when text of it was read before the hello came here, and nil else. What gives way to
  /// it undecided goes to `evicted`.
  mutating func note(
    _ hello: ClientHello, client: Endpoint, server: Endpoint, at time: UInt64, evicted: (Connection) -> Void
  ) -> Bool {
    let ends = ConnectionEnds(client, server)
    if let number = numbers[hello.random], var known = connections[number] {
      if !known.ends.contains(ends), known.ends.count < Self.mostEnds {
        known.ends.append(ends)
        numbersByEnds[ends] = number
      }
      // A hello that was cut may be whole now.
      if known.hello.serverName == nil { known.hello.serverName = hello.serverName }
      if known.hello.protocols == nil { known.hello.protocols = hello.protocols }
      connections[number] = known
    } else {
      if connections.count >= capacity { forgetFirst(evicted) }
      connections[next] = Connection(hello: hello, client: client, server: server, time: time, ends: [ends])
      numbers[hello.random] = next
      numbersByEnds[ends] = next
      next += 1
    }
    guard let read = reads[ends] ?? earlierReads[ends], read >= time else { return false }
    return decide(ends)
  }

  /// Notes that text of a connection was read; true when that decides about it.
  mutating func noteRead(_ ends: ConnectionEnds, at time: UInt64) -> Bool {
    if reads.count >= Self.mostReads { turn() }
    reads[ends] = time
    return decide(ends)
  }

  /// Notes that a connection cannot be read.
  mutating func noteUnread(_ ends: ConnectionEnds, _ reason: CoverageReason) {
    guard let number = numbersByEnds[ends] else { return }
    if connections[number]?.reason == nil { connections[number]?.reason = reason }
  }

  /// The connection of these ends counts; false when it did already, or is not known.
  private mutating func decide(_ ends: ConnectionEnds) -> Bool {
    guard let number = numbersByEnds[ends], connections[number]?.isDecided == false else { return false }
    connections[number]?.isDecided = true
    return true
  }

  /// The texts of connections whose hellos did not come within a turn are forgotten after the next one.
  mutating func turn() { (earlierReads, reads) = (reads, [:]) }

  /// Decides about the connections up to this time, and forgets those up to another one.
  mutating func advance(deciding: UInt64, forgetting: UInt64, _ body: (Connection) -> Void) {
    while undecided < next {
      if let connection = connections[undecided], !connection.isDecided {
        guard connection.time <= deciding else { break }
        connections[undecided]?.isDecided = true
        body(connection)
      }
      undecided += 1
    }
    while first < undecided, let connection = connections[first], connection.time <= forgetting {
      forgetFirst(body)
    }
  }

  private mutating func forgetFirst(_ evicted: (Connection) -> Void) {
    guard let connection = connections.removeValue(forKey: first) else { return }
    if !connection.isDecided { evicted(connection) }
    if numbers[connection.hello.random] == first { numbers[connection.hello.random] = nil }
    for ends in connection.ends where numbersByEnds[ends] == first { numbersByEnds[ends] = nil }
    first += 1
    undecided = max(undecided, first)
  }
}
