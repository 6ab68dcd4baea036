// SPDX-License-Identifier: Apache-2.0

import Capture
import System
import Text

/// How a request ends, and the names and ends that its event carries.
extension ExchangeTracker {
  mutating func name(_ place: (start: Int, count: Int)) -> NameRange {
    guard place.count > 0 else { return NameRange() }
    let hash = NameHash.hash(batch.names.bytes(start: place.start, count: place.count), seed: seed)
    return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: hash)
  }

  /// The ends that a chunk travels between.
  mutating func ends(_ chunk: Chunk) -> ExchangeEnds {
    ends(chunk.flow, from: chunk.direction)
  }

  /// The ends that a message of a flow travels between.
  func ends(_ flow: FlowIndex, from direction: Direction) -> ExchangeEnds {
    let key = streams.key(of: flow)
    let a = Endpoint(high: key.aHigh, low: key.aLow, port: UInt16(truncatingIfNeeded: key.ports >> 16))
    let b = Endpoint(high: key.bHigh, low: key.bLow, port: UInt16(truncatingIfNeeded: key.ports))
    return direction == .forward ? ExchangeEnds(from: a, to: b) : ExchangeEnds(from: b, to: a)
  }

  /// The address that a request comes from, as a name.
  @inline(__always)
  mutating func client(_ chunk: Chunk) -> NameRange {
    let key = streams.key(of: chunk.flow)
    let isForward = chunk.direction == .forward
    let high = isForward ? key.aHigh : key.bHigh, low = isForward ? key.aLow : key.bLow
    return clientName(high: high, low: low)
  }

  /// An address as a name, sixteen bytes.
  @inline(__always)
  mutating func clientName(high: UInt64, low: UInt64) -> NameRange {
    let place = AddressName.appendBytes(high: high, low: low, to: batch.names)
    let hash = NameHash.fold(NameHash.fold(high ^ seed, 0xe703_7ed1_a0b4_28db) ^ low, 0xa076_1d64_78bd_642f)
    return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: hash)
  }

  mutating func appendServerAddress(_ chunk: Chunk) -> (start: Int, count: Int) {
    let key = streams.key(of: chunk.flow)
    return chunk.direction == .forward
      ? AddressName.append(high: key.bHigh, low: key.bLow, to: batch.names)
      : AddressName.append(high: key.aHigh, low: key.aLow, to: batch.names)
  }

  /// Ends a request to which no final response came; one of a stream by what is known of that.
  mutating func end(_ request: RequestIndex, as end: RequestEnd) {
    let key = pairing.key(of: request)
    if key.stream != 0, let ended = frames.giveUp(request, on: key.stream, of: key.flow) {
      return self.end(ended, orElse: end, of: key.flow)
    }
    settle(request, as: end)
  }

  /// Ends a request whose time is over, unless its stream continues. Apart from `advance`, which every segment passes.
  @inline(never)
  mutating func endExpired(_ request: RequestIndex) {
    let key = pairing.key(of: request)
    let isUnderWay = key.stream != 0 && frames.isUnderWay(key.flow, key.stream)
    if isUnderWay { pairing.renew(request, at: clock) } else { end(request, as: .timedOut) }
  }

  /// Emits the end of a request without an outcome.
  mutating func settle(
    _ request: RequestIndex, as end: RequestEnd, hasResponse: Bool = false, status: UInt16 = 0,
    isFailure: Bool = false
  ) {
    makeRoomInBatch()
    var event = ExchangeEvent(kind: end.event)
    event.exchange = request
    if pairing.key(of: request).stream != 0 { event.version = .http2 }
    event.time = clock
    event.hasResponse = hasResponse
    event.status = status
    if isFailure { event.outcome = .failure }
    if hasResponse { counters.unsettledResponses &+= 1 }
    switch end {
    case .aborted, .clientClosed:
      event.isClientClosed = end == .clientClosed
      counters.aborted &+= 1
    case .timedOut:
      event.time = pairing.timeout(of: request)
      counters.timedOut &+= 1
    case .unknown: counters.unknown &+= 1
    case .inFlight: break
    }
    let flow = pairing.flow(of: request)
    pairing.remove(request)
    batch.append(event)
    if batch.isAttributed { attribute(flow) }
  }

  /// Gives the last event the ends of a flow that has asked.
  mutating func attribute(_ flow: FlowIndex) {
    guard let direction = messages.requestDirection(of: flow) else { return }
    batch.attribute(parties(of: flow, asking: direction))
  }

  /// The ends of a flow whose requests go in this direction.
  @inline(__always)
  func parties(of flow: FlowIndex, asking direction: Direction) -> ExchangeParties {
    let ends = ends(flow, from: direction)
    var parties = ExchangeParties(client: ends.from, server: ends.to)
    if let alias = streams.alias(of: (flow, direction)) {
      let ends = self.ends(alias.flow, from: alias.direction)
      (parties.otherClient, parties.otherServer) = (ends.from, ends.to)
    }
    return parties
  }

  /// Makes room for one more head's event and names.
  @inline(__always)
  mutating func makeRoomInBatch() {
    if batch.isNearlyFull { spillBatch() }
  }

  @inline(never)
  private mutating func spillBatch() {
    spill?(&batch)
    batch.clear()
  }
}
