// SPDX-License-Identifier: Apache-2.0

package import Capture
import System

/// Turns the segments of TLS connections into segments of their text, as if there were no TLS.
///
/// The connections that were seen last are kept, up to a number; a closed one stays among them, so that what is sent
/// again is known.
package final class TLSDecryptor {
  /// Connections at once; about 4 KB each while they are read.
  private static let capacity = 32_768
  /// Bytes that all connections may hold.
  private static let largest = 128 << 20
  /// Nanoseconds to wait for missing bytes before reading continues after them.
  private static let patience: UInt64 = 10_000_000_000

  private struct Key: Hashable {
    var a: Endpoint
    var b: Endpoint

    static func == (x: Key, y: Key) -> Bool {
      x.a.low == y.a.low && x.b.low == y.b.low && x.a.port == y.a.port && x.b.port == y.b.port
        && x.a.high == y.a.high && x.b.high == y.b.high
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(a.high ^ b.high)
      hasher.combine(a.low)
      hasher.combine(b.low)
      hasher.combine(UInt32(a.port) << 16 | UInt32(b.port))
    }
  }

  private let ports: PortSet
  private let plainPorts: PortSet
  private let context: DecryptionContext
  private var connections: [Key: TLSConnection] = [:]
  /// The connection of the last segment, which is often the next one's.
  private var latest: (key: Key, connection: TLSConnection)?
  /// The connections that began to wait, the first one first; some wait no longer.
  private var waiting: [(connection: TLSConnection, since: UInt64)] = []
  private var waitingStart = 0
  /// Bytes that all connections hold.
  private var memory = 0

  /// - Parameters:
  ///   - ports: the ports of TLS.
  ///   - plainPorts: the ports of HTTP, where connections without TLS are read as they are.
  package init(keys: KeyStore, ports: PortSet, plainPorts: PortSet) {
    context = DecryptionContext(keys: keys)
    (self.ports, self.plainPorts) = (ports, plainPorts)
  }

  package var counters: TLSCounters { context.counters }

  /// The connections that were not read, by reason and the server's name, "" where that is not known.
  package var unread: [UnreadReason: [String: UInt64]] { context.unread }

  /// Receives what becomes of connections, while the decryptor lives; nil where nobody asks.
  package var observer: (any ConnectionObserver)? {
    get { context.observer }
    set { context.observer = newValue }
  }

  package var bodyAhead: ((borrowing Segment) -> UInt64)? {
    get { context.bodyAhead }
    set { context.bodyAhead = newValue }
  }

  /// Whether a segment's connection is on a port of TLS.
  package func concerns(_ segment: borrowing Segment) -> Bool {
    ports.contains(segment.destination.port) ? true : ports.contains(segment.source.port)
  }

  /// Reads one segment, and hands on what it has of text.
  package func read(
    _ segment: borrowing Segment, _ payload: RawSpan, _ emit: (borrowing Segment, RawSpan) -> Void
  ) {
    expire(at: segment.time, emit)
    guard let connection = connection(of: segment, emit) else { return }
    if connection.standing == .opening, segment.payloadLength > 0 { classify(connection, payload) }
    if connection.standing == .plain {
      let isWatched =
        plainPorts.contains(segment.destination.port) ? true : plainPorts.contains(segment.source.port)
      if isWatched { emit(segment, payload) }
      return
    }
    let wasWaiting = connection.isWaiting, before = connection.memory
    connection.arrive(segment, payload, context, emit)
    if connection.isWaiting, !wasWaiting { waiting.append((connection, connection.waitingSince)) }
    if connection.client.hasEnded, connection.server.hasEnded { connection.close() }
    memory += connection.memory - before
    if memory > Self.largest { release(emit) }
  }

  /// Decides what waits when nothing more comes.
  package func finish(_ emit: (borrowing Segment, RawSpan) -> Void) {
    for entry in waiting[waitingStart...] { giveUp(entry.connection, emit) }
    waiting = []
    waitingStart = 0
  }

  // MARK: Waiting

  private func expire(at now: UInt64, _ emit: (borrowing Segment, RawSpan) -> Void) {
    while waitingStart < waiting.count {
      let first = waiting[waitingStart]
      if first.connection.isWaiting {
        if first.connection.waitingSince == first.since {
          guard first.since &+ Self.patience <= now else { return }
          giveUpOnce(first.connection, emit)
        }
        // What waits for another gap by now gets its own time.
        if first.connection.isWaiting { waiting.append((first.connection, first.connection.waitingSince)) }
      }
      removeFirstWaiting()
    }
  }

  private func removeFirstWaiting() {
    waitingStart += 1
    guard waitingStart == waiting.count || waitingStart > 4_096 else { return }
    waiting.removeFirst(waitingStart)
    waitingStart = 0
  }

  /// Makes room: those that have waited for longest give up, then those that were silent for longest.
  private func release(_ emit: (borrowing Segment, RawSpan) -> Void) {
    while memory > Self.largest, waitingStart < waiting.count {
      giveUp(waiting[waitingStart].connection, emit)
      removeFirstWaiting()
    }
    if memory > Self.largest { evict(emit) }
  }

  private func giveUpOnce(_ connection: TLSConnection, _ emit: (borrowing Segment, RawSpan) -> Void) {
    let before = connection.memory
    connection.giveUp(context, emit)
    memory += connection.memory - before
  }

  private func giveUp(_ connection: TLSConnection, _ emit: (borrowing Segment, RawSpan) -> Void) {
    // Each round ends a wait for at least one segment of either direction.
    var rounds = 0
    while connection.isWaiting, rounds < 16_384 {
      giveUpOnce(connection, emit)
      rounds += 1
    }
  }

  // MARK: Connections

  /// A connection's first bytes show whether it is one of TLS.
  private func classify(_ connection: TLSConnection, _ payload: RawSpan) {
    guard !payload.isEmpty else { return }
    let isTLS =
      payload.byte(0) >= 20 && payload.byte(0) <= 23 && (payload.byteCount < 2 || payload.byte(1) == 3)
    connection.standing = isTLS ? .tls : .plain
    if isTLS { context.counters.connections &+= 1 }
  }

  private func connection(
    of segment: borrowing Segment, _ emit: (borrowing Segment, RawSpan) -> Void
  ) -> TLSConnection? {
    let (source, destination) = (segment.source, segment.destination)
    let isFirst =
      source.port != destination.port
      ? source.port < destination.port
      : source.low != destination.low ? source.low < destination.low : source.high <= destination.high
    let key = Key(a: isFirst ? source : destination, b: isFirst ? destination : source)
    var found: TLSConnection?
    if let latest, latest.key == key { found = latest.connection } else { found = connections[key] }
    if let connection = found, !isReplaced(connection, by: segment) {
      if latest?.key != key { latest = (key, connection) }
      return connection
    }
    // What ends is no beginning.
    let isOpening = segment.flags.isOpening
    guard segment.payloadLength > 0 || isOpening else { return nil }
    if let old = found {
      giveUp(old, emit)
      memory -= old.memory
      // It may be among those that wait.
      old.close()
    }
    if connections.count >= Self.capacity { evict(emit) }
    let isFromServer = isFromServer(segment)
    let made = TLSConnection(
      client: isFromServer ? destination : source, server: isFromServer ? source : destination)
    if let old = found { inheritAnnounced(made, old, segment) }
    connections[key] = made
    latest = (key, made)
    return made
  }

  private func isFromServer(_ segment: borrowing Segment) -> Bool {
    if segment.flags.isOpening { return segment.flags.isAcknowledging }
    let isToTLS = ports.contains(segment.destination.port), isFromTLS = ports.contains(segment.source.port)
    return isToTLS == isFromTLS ? segment.source.port < segment.destination.port : isFromTLS
  }

  /// Whether a segment shows that its ports have another connection: anybody can send a SYN, so the answer to it, or
  /// data at its number, must follow.
  private func isReplaced(_ connection: TLSConnection, by segment: borrowing Segment) -> Bool {
    let stream = connection.stream(of: segment)
    let sequence = segment.sequence
    guard segment.flags.isOpening else {
      guard segment.payloadLength > 0, let announced = stream.announced else { return false }
      return announced == sequence && stream.next != sequence
    }
    if !stream.isKnown || stream.next == sequence { return false }
    if SequenceArithmetic.distance(stream.next, from: sequence) >= 0, !stream.hasEnded,
      SequenceArithmetic.distance(stream.next, from: sequence) < 1 << 24
    {
      // The connection's own SYN, sent again or late.
      return false
    }
    if segment.flags.isAcknowledging {
      return connection.other(stream).announced == segment.acknowledgement
    }
    stream.announced = sequence
    return false
  }

  /// The SYN that announced a connection is its own.
  private func inheritAnnounced(_ made: TLSConnection, _ old: TLSConnection, _ segment: borrowing Segment) {
    guard segment.flags.isOpening, segment.flags.isAcknowledging else { return }
    made.client.begin(at: segment.acknowledgement)
  }

  /// Forgets the quarter of the connections that were silent for longest.
  private func evict(_ emit: (borrowing Segment, RawSpan) -> Void) {
    let times = connections.values.map(\.lastSeen).sorted()
    let limit = times[times.count / 4]
    for (key, connection) in connections where connection.lastSeen <= limit {
      giveUp(connection, emit)
      memory -= connection.memory
      connection.close()
      connections[key] = nil
    }
    latest = nil
  }
}
