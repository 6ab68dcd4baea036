// SPDX-License-Identifier: Apache-2.0

package import Capture
import Ciphers
import System
package import TLSRecords

/// The coverage of TLS: connections that were seen on the ports of TLS against connections whose text was read.
///
/// Workers bring hellos and what was read; the reporting thread asks for the counts. What comes here comes once a
/// connection, so that a lock costs nothing.
///
/// A connection counts once it is known whether it is read: as read when its first text is, as not read when none came
/// within ten seconds of its hello, or at the end.
package final class TLSCoverage: Sendable {
  private struct State {
    var seen: SeenConnections
    var gathering = HelloGathering()
    /// Since the last interval, since the totals were reset, and since the start.
    var interval = CoverageSum()
    var life = CoverageSum()
    var total = CoverageSum()
    /// Names of processes of which connections were read.
    var readers: Set<String> = []
    /// Capture time, as far as it has come; when the early texts were last turned over.
    var now: UInt64 = 0
    var turned: UInt64 = 0
  }

  /// Nanoseconds after its hello for which a connection is known, so that it counts once.
  private static let memory: UInt64 = 10_000_000_000
  /// Names of processes that are kept at most.
  private static let mostReaders = 256

  private let conditions: CoverageConditions
  private let state: Locked<State>
  /// What the first packets of QUIC are read by; nil before the first one.
  private let initials = Locked<InitialReader?>(nil)

  package init(_ conditions: CoverageConditions) {
    self.conditions = conditions
    state = Locked(State(seen: SeenConnections(capacity: conditions.capacity)))
  }

  /// The ports of TLS.
  package var ports: PortSet { conditions.ports }

  /// Notes a segment that travels to a port of TLS.
  package func note(_ segment: borrowing Segment, _ payload: RawSpan) {
    let (client, server, time) = (segment.source, segment.destination, segment.time)
    let (sequence, next) = (segment.sequence, segment.sequence &+ segment.payloadLength)
    let ends = ConnectionEnds(client, server)
    if OpeningHello.begins(payload) {
      let opening = OpeningHello(payload)
      // Of a very short one there is not even the random.
      if opening?.isWhole == false || (opening == nil && payload.byteCount < OpeningHello.least) {
        let bytes = Self.copied(payload)
        state.withLock { $0.gathering.begin(ends, bytes, next: next) }
      }
      guard let opening else { return }
      return note(opening.hello, client: client, server: server, at: time)
    }
    guard state.withLock({ $0.gathering.continues(ends, at: sequence) }) else { return }
    let bytes = Self.copied(payload)
    guard let opening = state.withLock({ $0.gathering.add(ends, bytes, next: next) }) else { return }
    note(opening.hello, client: client, server: server, at: time)
  }

  /// Notes a datagram that travels to a port of TLS and begins like a connection of QUIC.
  package func noteInitial(_ segment: borrowing Segment, _ datagram: RawSpan) {
    let (ends, time) = (ConnectionEnds(segment.source, segment.destination), segment.time)
    let isAdmitted = initials.withLock { reader -> Bool in
      if reader == nil {
        // It opens no file, and takes no memory where no datagram comes.
        guard RecordCipher.start() else { return false }
        reader = InitialReader()
      }
      return reader?.admits(at: time) == true
    }
    guard isAdmitted else {
      return state.withLock { state in
        state.interval.skippedInitials &+= 1
        state.life.skippedInitials &+= 1
        state.total.skippedInitials &+= 1
      }
    }
    for text in InitialReader.texts(of: datagram) {
      guard let hello = initials.withLock({ $0?.add(text, ends) }) else { continue }
      let name = CoverageSum.Name(serverName: hello.serverName, protocols: hello.protocols)
      state.withLock { state in
        state.interval.addHTTP3(name)
        state.life.addHTTP3(name)
        state.total.addHTTP3(name)
      }
    }
  }

  private static func copied(_ payload: RawSpan) -> [UInt8] {
    (0..<min(payload.byteCount, OpeningHello.longest)).map { payload.byte($0) }
  }

  /// Notes a hello, however it was read.
  package func note(_ hello: ClientHello, client: Endpoint, server: Endpoint, at time: UInt64) {
    state.withLock { state in
      var evicted: [SeenConnections.Connection] = []
      let isRead = state.seen.note(hello, client: client, server: server, at: time) { evicted.append($0) }
      for connection in evicted { self.decide(connection, &state) }
      if isRead { self.addRead(client, server, time, &state) }
    }
  }

  /// Notes that text of the connection between two ends was read.
  package func noteRead(_ client: Endpoint, _ server: Endpoint, at time: UInt64) {
    state.withLock { state in
      guard state.seen.noteRead(ConnectionEnds(client, server), at: time) else { return }
      self.addRead(client, server, time, &state)
    }
  }

  /// Notes why the connection between two ends cannot be read.
  package func noteUnread(_ client: Endpoint, _ server: Endpoint, _ reason: CoverageReason) {
    state.withLock { $0.seen.noteUnread(ConnectionEnds(client, server), reason) }
  }

  /// Decides about what is due by `now`, capture time.
  package func advance(to now: UInt64) {
    state.withLock { state in
      state.now = max(state.now, now)
      if state.now &- state.turned > Self.memory / 2 {
        state.turned = state.now
        state.seen.turn()
      }
      let deciding = state.now > self.conditions.patience ? state.now - self.conditions.patience : 0
      self.advance(&state, deciding, state.now > Self.memory ? state.now - Self.memory : 0)
    }
  }

  /// Decides about all connections: nothing more comes.
  package func finish() { state.withLock { self.advance(&$0, .max, .max) } }

  private func advance(_ state: inout State, _ deciding: UInt64, _ forgetting: UInt64) {
    var due: [SeenConnections.Connection] = []
    state.seen.advance(deciding: deciding, forgetting: forgetting) { due.append($0) }
    for connection in due { decide(connection, &state) }
  }

  /// A connection was not read.
  private func decide(_ connection: SeenConnections.Connection, _ state: inout State) {
    let process = process(connection.client, connection.server, connection.time)
    let key = CoverageSum.Key(
      serverName: connection.hello.serverName, protocols: connection.hello.protocols, process: process,
      reason: conditions.reason(connection, process: process, readers: state.readers))
    state.interval.addUnread(key)
    state.life.addUnread(key)
    state.total.addUnread(key)
  }

  private func addRead(_ client: Endpoint, _ server: Endpoint, _ time: UInt64, _ state: inout State) {
    state.interval.addRead()
    state.life.addRead()
    state.total.addRead()
    guard state.readers.count < Self.mostReaders, let process = process(client, server, time) else { return }
    state.readers.insert(process)
  }

  /// The process of this machine: the server's, or else the client's.
  private func process(_ client: Endpoint, _ server: Endpoint, _ time: UInt64) -> String? {
    guard let find = conditions.process else { return nil }
    return find(server, client, time) ?? find(client, server, time)
  }

  // MARK: Counts

  /// The counts since the last interval was taken; nil before any connection was seen.
  package var interval: CoverageCounts? { counts(\.interval) }

  /// The counts since the totals were reset; nil before any connection was seen.
  package var life: CoverageCounts? { counts(\.life) }

  /// The counts since the start; nil before any connection was seen.
  package var total: CoverageCounts? { counts(\.total) }

  /// Begins the next interval.
  package func clearInterval() { state.withLock { $0.interval = CoverageSum() } }

  /// Begins the totals again.
  package func clearLife() { state.withLock { $0.life = CoverageSum() } }

  private func counts(_ sum: any KeyPath<State, CoverageSum> & Sendable) -> CoverageCounts? {
    let (ports, hint) = (conditions.ports.description, conditions.hint)
    return state.withLock { state in
      state.total.isEmpty ? nil : state[keyPath: sum].counts(ports: ports, hint: hint)
    }
  }
}
