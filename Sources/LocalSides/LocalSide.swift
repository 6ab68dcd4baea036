// SPDX-License-Identifier: Apache-2.0

package import Capture
import HTTP1

/// The test of which end of a connection this machine is, for one worker.
///
///     client ──▶ :80 proxy ──▶ upstream :8080      at the proxy: the first connection is its server side,
///                server  client                    the second one its client side
package final class LocalSide {
  private let ports: PortSet
  private let local: LocalAddresses
  private var generation: UInt
  /// In order: a gateway of a cluster has thousands, and each segment asks for two.
  private var addresses: [LocalAddresses.Address]

  /// - Parameters:
  ///   - ports: the watched ones; the end on one of them is the server.
  ///   - local: this machine's addresses, which another thread keeps up to date.
  package init(ports: PortSet, local: LocalAddresses) {
    (self.ports, self.local) = (ports, local)
    generation = local.generation
    addresses = local.all.sorted()
  }

  /// Takes the addresses over that have changed.
  package func update() {
    let now = local.generation
    guard now != generation else { return }
    generation = now
    addresses = local.all.sorted()
  }

  /// Whether a choice leaves out the connection of a segment.
  package func leavesOut(
    _ choice: ConnectionSide, _ segment: borrowing Segment, _ payload: RawSpan
  ) -> Bool {
    switch (choice, side(of: segment, payload)) {
    case (.server, .client), (.client, .server): true
    default: false
    }
  }

  /// A segment without what it holds: it moves the clock and is counted, and nothing is read of its connection.
  package static func emptied(_ segment: borrowing Segment) -> Segment {
    Segment(
      time: segment.time, source: segment.source, destination: segment.destination,
      sequence: segment.sequence,
      acknowledgement: segment.acknowledgement, payloadLength: 0, flags: [], kind: .stream)
  }

  /// The side of a segment's connection: `client` when this machine has opened it, also to itself; `server` when another
  /// one has opened it to this one; nil when neither end is here.
  package func side(of segment: borrowing Segment, _ payload: RawSpan) -> ConnectionSide? {
    let isFromHere = isLocal(segment.source), isToHere = isLocal(segment.destination)
    guard isFromHere || isToHere else { return nil }
    if isFromHere, isToHere { return .client }
    return Self.isByClient(segment, payload, ports) == isFromHere ? .client : .server
  }

  private func isLocal(_ end: Endpoint) -> Bool {
    let address = LocalAddresses.Address(high: end.high, low: end.low)
    return address.isIPv4Loopback || isKnown(address)
  }

  /// A binary search.
  private func isKnown(_ address: LocalAddresses.Address) -> Bool {
    var low = 0, high = addresses.count
    while low < high {
      let middle = (low + high) / 2
      if addresses[middle] < address { low = middle + 1 } else { high = middle }
    }
    return low < addresses.count && addresses[low] == address
  }

  /// Whether the client has sent a segment. Where the ports do not tell, both being watched, what it holds does.
  private static func isByClient(
    _ segment: borrowing Segment, _ payload: RawSpan, _ ports: PortSet
  ) -> Bool {
    let isToWatched = ports.contains(segment.destination.port)
    if isToWatched != ports.contains(segment.source.port) { return isToWatched }
    if segment.flags.isOpening { return !segment.flags.isAcknowledging }
    switch HeadStart.verdict(payload) {
    case .request, .requestPrefix, .http2: return true
    case .response, .responsePrefix: return false
    case .none: return segment.destination.port < segment.source.port
    }
  }
}
