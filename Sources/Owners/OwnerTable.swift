// SPDX-License-Identifier: Apache-2.0

package import Capture
package import Exchanges
import System
import Text

/// The owners of connections, as the records of the kernel tell them: shared by the workers, which ask, and the
/// reporting thread, which names them.
///
/// A worker asks once a connection, and again when its entry has changed. What waits in the ring is read first: a
/// server's receive comes before its response, and a client's connection before its request.
package final class OwnerTable: Sendable {
  private struct State {
    var connections: ConnectionOwners
    var directory = OwnerDirectory()
    /// The workloads of the control groups, by their numbers.
    var groups: [UInt64: Workload] = [:]
    /// Records that the kernel had lost when this was looked at last.
    var lost: UInt64 = 0
    let scratch = NameBuffer()
  }

  /// The place where an owner was found, to see later whether it is still so.
  struct Finding {
    var owner: OwnerReference
    var slot: Int
    var version: UInt32
  }

  /// Control groups whose names are kept; all are sent again when there are more.
  private static let groupLimit = 4_096
  /// The longest printable name of a group that is kept, characters.
  private static let nameLimit = 200

  private let source: any OwnerSource
  private let versions: ConnectionVersions
  private let ports: LocalPorts
  private let state: Locked<State>

  package init(_ source: any OwnerSource) {
    self.source = source
    let connections = ConnectionOwners(network: source.network)
    versions = connections.versions
    ports = connections.ports
    state = Locked(State(connections: connections))
    let offset = source.clockOffset
    state.withLock { state in
      for record in OwnerRecord.all(in: source.listed) { Self.take(record, offset, &state) }
    }
  }

  /// Reads what waits; to be called at least once a second.
  package func update() { state.withLock { update(&$0) } }

  /// Records that the kernel could not send since the start.
  package var lost: UInt64 { source.lost }

  /// Who a reference stands for; nil for the unknown, and for one whose place another owner has by now.
  package func process(_ owner: OwnerReference) -> OwnerProcess? {
    state.withLock { $0.directory.process(owner) }
  }

  /// Counts exchanges that have ended, by owner: those with many keep their places.
  package func count(_ exchanges: [(owner: OwnerReference, count: UInt64)]) {
    state.withLock { state in
      for (owner, count) in exchanges { state.directory.count(owner, exchanges: count) }
    }
  }

  /// Whether somebody may be known to have one of the ends of a connection, under either of its addresses: what waits is
  /// read first. Takes no lock where nothing waits.
  func mayKnow(_ parties: ExchangeParties) -> Bool {
    if source.hasWaiting { update() }
    return ports.contains(parties.server.port) || ports.contains(parties.client.port)
      || ports.contains(parties.otherServer.port) || ports.contains(parties.otherClient.port)
  }

  /// Whether a finding still holds: what waits is read first, for the connection may have ended, and another one's
  /// begun on the same ports. Takes no lock where nothing waits.
  func isCurrent(slot: Int, version: UInt32) -> Bool {
    if source.hasWaiting { update() }
    return versions[slot] == version
  }

  /// The owner of the end `local` at the time of a request; nil when it is unknown. Takes no lock where nobody has the
  /// local port and nothing waits.
  func find(_ local: Endpoint, _ remote: Endpoint, at time: UInt64, isExact: Bool) -> Finding? {
    if source.hasWaiting { update() }
    guard ports.contains(local.port) else { return nil }
    let key = ConnectionOwners.Key(local: local, remote: remote)
    return state.withLock { state -> Finding? in
      update(&state)
      guard let found = state.connections.find(key, at: time, isExact: isExact) else { return nil }
      state.directory.find(found.entry.owner, found.entry.process)
      return Finding(owner: found.entry.owner, slot: found.slot, version: versions[found.slot])
    }
  }

  /// The name of the process that has the end `local` of a connection at a time; nil when it is unknown. For what asks
  /// once a connection.
  package func processName(of local: Endpoint, _ remote: Endpoint, at time: UInt64) -> String? {
    let key = ConnectionOwners.Key(local: local, remote: remote)
    return state.withLock { state -> String? in
      update(&state)
      guard let found = state.connections.find(key, at: time, isExact: true) else { return nil }
      return state.directory.process(found.entry.owner)?.owner.process
    }
  }

  private func update(_ state: inout State) {
    let offset = source.clockOffset
    source.receive { bytes in
      if let record = OwnerRecord(bytes) { Self.take(record, offset, &state) }
    }
    let lost = source.lost
    if lost != state.lost || state.groups.count > Self.groupLimit {
      // An entry may be another connection's by now: nobody is known until they are sent again.
      state.lost = lost
      state.connections.removeAll()
      state.directory.releaseAll()
      state.groups.removeAll(keepingCapacity: true)
      source.sendAllAgain()
    }
  }

  private static func take(_ record: OwnerRecord, _ offset: UInt64, _ state: inout State) {
    switch record {
    case .group(let group):
      let names = group.names.reversed().map { printable($0, limit: nameLimit, state.scratch) }
      state.groups[group.number] = Workload(path: names)
    case .connection(let connection):
      let key = ConnectionOwners.Key(local: connection.local, remote: connection.remote)
      var released: OwnerReference?
      switch connection.kind {
      case .closed:
        released = state.connections.close(key, network: connection.network, at: connection.time &+ offset)
      case .connected, .received, .listed:
        var owner = OwnerReference.unknown
        if connection.process != 0 {
          let workload = state.groups[connection.group] ?? Workload(path: [])
          owner = state.directory.use(
            Owner(
              process: printable(connection.name, limit: 96, state.scratch), unit: workload.unit,
              container: workload.container, pod: workload.pod))
        }
        released = state.connections.note(
          key, owner, ProcessIdentity(number: connection.process, started: connection.started),
          network: connection.network)
      }
      if let released { state.directory.release(released) }
    }
  }

  /// A name as printable ASCII, as all names off the wire are.
  private static func printable(_ bytes: [UInt8], limit: Int, _ scratch: NameBuffer) -> String {
    scratch.reset()
    let place = PrintableName.appendText(bytes.rawSpan, 0, bytes.count, limit: limit, to: scratch)
    return String(
      decoding: (0..<place.count).map { scratch.bytes(start: place.start + $0, count: 1).byte(0) },
      as: UTF8.self)
  }
}
