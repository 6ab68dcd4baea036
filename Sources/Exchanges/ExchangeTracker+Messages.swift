// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import HTTP2
import System

/// The heads in a chunk: found, kept until they are whole, ended where their rest will not come.
extension ExchangeTracker {
  /// Reads a chunk that begins at its direction's next byte.
  mutating func read(_ chunk: Chunk, _ payload: RawSpan) -> ChunkOutcome {
    var reading = ChunkReading()
    if messages.needsHint(chunk, payload) { reading.hint = hint(for: chunk) }
    while messages.findHead(chunk, payload, &reading) {
      var head = MessageHead()
      switch messages.readHead(chunk, payload, &reading, into: &head) {
      case .none: break
      case .stray:
        reading.hint = hint(for: chunk)
        messages.passStray(chunk, payload, &reading)
      case .head:
        take(head, payload.slice(reading.headOffset, payload.byteCount), chunk, &reading)
      case .storedHead: takeStored(head, chunk, &reading)
      case .proxyHeader:
        if clients.readsProxyHeaders {
          noteProxyHeader(payload.slice(reading.headOffset, reading.offset), chunk)
        }
      case .noRoom: endHead(reading.evicted.flow, reading.evicted.direction)
      case .preface(let isClient):
        beginFrames(chunk, &reading, first: isClient ? .client : .server, at: reading.headOffset)
      case .storedPreface:
        let stored = reading.stored
        beginFrames(chunk, &reading, first: .client, at: reading.offset)
        readStoredPreface(chunk, stored)
      }
    }
    if reading.isCutAtBoundary {
      needsWhole = true
      settleUnseen(chunk)
    }
    if reading.offset < Int(chunk.length), messages.hasRest(chunk), readRest(chunk, payload, &reading) {
      return read(chunk, payload)
    }
    return reading.outcome
  }

  /// Ends the requests whose responses were in the part of a segment that was not captured: its acknowledgement tells
  /// which ones the server had. A later response would be taken for theirs.
  private mutating func settleUnseen(_ chunk: Chunk) {
    guard chunk.hasAcknowledgement,
      messages.requestDirection(of: chunk.flow) == chunk.direction.opposite
    else { return }
    while let request = pairing.first(of: chunk.flow),
      pairing.wasReceived(request, acknowledgement: chunk.acknowledgement)
    {
      end(request, as: .unknown)
    }
  }

  /// Reads the heads in a late chunk, with their bodies as far as they lie in it.
  ///
  /// - Parameters:
  ///   - isDoubtful: the chunk's numbers may be a guess: its responses answer none, and its requests end at once.
  ///   - mayBeAnswered: they do not, but wait for an answer.
  mutating func readLateHeads(
    _ chunk: Chunk, _ payload: RawSpan, isDoubtful: Bool = false, mayBeAnswered: Bool = false
  ) -> ChunkOutcome {
    var reading = ChunkReading()
    reading.isDoubtful = isDoubtful
    reading.mayBeAnswered = mayBeAnswered
    guard messages.beginLate(chunk, payload) else { return reading.outcome }
    reading.isLate = true
    while true {
      var head = MessageHead()
      guard messages.readLateHead(chunk, payload, &reading, into: &head) else { return reading.outcome }
      take(head, payload.slice(reading.headOffset, payload.byteCount), chunk, &reading)
    }
  }

  /// Ends a head whose rest will not come, where its direction stands inside one.
  mutating func endHead(_ flow: FlowIndex, _ direction: Direction) {
    guard messages.isInHead(flow, direction), let position = streams.position(of: flow, direction) else {
      return
    }
    endHead(flow, direction, at: position)
  }

  /// Ends the head of a request whose rest the server has received, as its answer says, and that was never seen: the
  /// filter has only so much room to follow unfinished heads.
  @inline(never)
  mutating func endHead(answeredBy chunk: Chunk) {
    let requests = chunk.direction.opposite
    guard chunk.hasAcknowledgement, let position = streams.position(of: chunk.flow, requests) else { return }
    let unseen = SequenceNumber.distance(chunk.acknowledgement, from: position)
    if unseen > 0, unseen <= Int32(HeadParser.maximumLength) { endHead(chunk.flow, requests, at: position) }
  }

  /// Ends a head of which nothing comes from sequence number `position` on: it counts by its start line.
  mutating func endHead(_ flow: FlowIndex, _ direction: Direction, at position: UInt32) {
    let chunk = Chunk(
      flow: flow, direction: direction, kind: .continuation, hasAcknowledgement: false, sequence: position,
      acknowledgement: 0, length: 0, time: streams.lastSeen(flow))
    var reading = ChunkReading()
    var head = MessageHead()
    let segments = messages.headSegments(flow, direction)
    guard messages.cutHead(chunk, &reading, into: &head) else { return }
    takeStored(head, chunk, &reading)
    // No segment is at hand to be the head's: the last one that carried a part of it is.
    if segments > 0 {
      counters.continuations &-= 1
      counters.headSegments &+= 1
    } else {
      counters.pipelinedHeads &+= 1
    }
  }

  /// What the reading of a chunk's direction must know of the other one and of pairing.
  mutating func hint(for chunk: Chunk) -> PairingHint {
    var hint = pairing.hint(for: chunk.flow)
    hint.otherPosition = streams.position(of: chunk.flow, chunk.direction.opposite)
    return hint
  }

  /// Takes a head that was kept in the store; apart, since it refers to a pool, which is counted.
  @inline(never)
  private mutating func takeStored(_ head: MessageHead, _ chunk: Chunk, _ reading: inout ChunkReading) {
    guard let block = reading.stored.block.index else { return }
    let pool = messages.storedBytes(reading.stored)
    take(head, pool.bytes(of: block, count: Int(reading.stored.count)), chunk, &reading)
  }

  /// The connection carries something else from here on, both ways.
  mutating func leaveHTTP(_ chunk: Chunk, isLate: Bool) {
    let other = chunk.direction.opposite
    endHead(chunk.flow, other)
    // A late head decides nothing about what the other direction is doing now, but for ending its head.
    if !isLate { messages.leaveHTTP(chunk.flow, other) }
  }
}
