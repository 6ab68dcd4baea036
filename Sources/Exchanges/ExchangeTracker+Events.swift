// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System
import Text

/// The second half of the tracker: chunks become messages, and messages become events.
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
      case .leftHTTP:
        counters.http2 &+= 1
        leaveHTTP(chunk, isLate: reading.isLate)
      }
    }
    if reading.isCutAtBoundary { settleUnseen(chunk) }
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
      endUnanswered(request)
    }
  }

  /// Reads the heads in a late chunk, with their bodies as far as they lie in it.
  mutating func readLateHeads(_ chunk: Chunk, _ payload: RawSpan) -> ChunkOutcome {
    var reading = ChunkReading()
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
}

// MARK: - Messages

extension ExchangeTracker {
  /// Takes a head that was kept in the store.
  private mutating func takeStored(_ head: MessageHead, _ chunk: Chunk, _ reading: inout ChunkReading) {
    guard let block = reading.stored.block.index else { return }
    let pool = messages.storedBytes(reading.stored)
    take(head, pool.bytes(of: block, count: Int(reading.stored.count)), chunk, &reading)
  }

  /// Takes a head into account: an event, and a place in the pairing. `head.length` is 0 when its end was not seen.
  private mutating func take(
    _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ reading: inout ChunkReading
  ) {
    if head.length == 0 { counters.truncated &+= 1 }
    makeRoomInBatch()
    if head.kind.isRequest {
      counters.requests &+= 1
      if head.isMalformed { counters.malformedRequests &+= 1 }
      takeRequest(head, bytes, chunk, reading.headStart)
      return
    }
    counters.responses &+= 1
    let answered = takeResponse(head, chunk, &reading)
    if batch.isDetailed { batch.describeResponse(head, answered, ends(chunk)) }
    if messages.follow(head, answering: answered, chunk, isLate: reading.isLate) {
      counters.tunnels &+= 1
      leaveHTTP(chunk, isLate: reading.isLate)
    }
  }

  /// The connection carries something else from here on, both ways.
  private mutating func leaveHTTP(_ chunk: Chunk, isLate: Bool) {
    let other = chunk.direction.opposite
    endHead(chunk.flow, other)
    // A late head decides nothing about what the other direction is doing now, but for ending its head.
    if !isLate { messages.leaveHTTP(chunk.flow, other) }
  }

  /// Emits the event of a request and adds it to those that wait for a response.
  private mutating func takeRequest(
    _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ start: UInt32
  ) {
    var event = ExchangeEvent(kind: .request)
    let request = PendingRequest(
      key: ExchangeKey(flow: chunk.flow), headStart: start,
      headEnd: head.length > 0 ? start &+ UInt32(head.length) : chunk.end,
      acknowledgement: chunk.acknowledgement, hasAcknowledgement: chunk.hasAcknowledgement,
      answer: AnsweredRequest(
        isHead: head.method.isHead, isConnect: head.method.isConnect, isUpgrade: head.upgrade),
      time: chunk.time, clock: clock)
    // Before the names: it may end an older request, and hand the batch on with all names in it.
    if let evicted = pairing.nextToEvict {
      counters.evictedRequests &+= 1
      endUnanswered(evicted)
    }
    let added = pairing.add(request)
    event.exchange = added
    if streams.noteRequest(chunk.flow, at: clock), let added {
      pairing.expectResponse(to: added, bodyLength: head.bodyLength)
    }
    let names = batch.names
    event.method = head.method
    event.time = chunk.time
    if head.method.isOther {
      event.methodName = name(
        PrintableName.append(
          bytes, Int(head.methodBytes.start), head.methodBytes.end, lowercased: false, to: names))
    }
    var site = SiteName.append(head, bytes, to: names)
    if site.count == 0 { site = appendServerAddress(chunk) }
    event.site = name(site)
    event.section = name(RequestTarget.appendSection(head, bytes, to: names))
    batch.append(event)
    if batch.isDetailed { batch.describeRequest(head, bytes, ends(chunk)) }
  }

  private mutating func name(_ place: (start: Int, count: Int)) -> NameRange {
    guard place.count > 0 else { return NameRange() }
    let hash = NameHash.hash(batch.names.bytes(start: place.start, count: place.count), seed: seed)
    return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: hash)
  }

  /// The ends that a chunk travels between.
  private mutating func ends(_ chunk: Chunk) -> ExchangeEnds {
    let key = streams.key(of: chunk.flow)
    let a = Endpoint(high: key.aHigh, low: key.aLow, port: UInt16(truncatingIfNeeded: key.ports >> 16))
    let b = Endpoint(high: key.bHigh, low: key.bLow, port: UInt16(truncatingIfNeeded: key.ports))
    return chunk.direction == .forward ? ExchangeEnds(from: a, to: b) : ExchangeEnds(from: b, to: a)
  }

  private mutating func appendServerAddress(_ chunk: Chunk) -> (start: Int, count: Int) {
    let key = streams.key(of: chunk.flow)
    return chunk.direction == .forward
      ? AddressName.append(high: key.bHigh, low: key.bLow, to: batch.names)
      : AddressName.append(high: key.aHigh, low: key.aLow, to: batch.names)
  }

  /// Emits the event of a response and returns what it answers; nil when nobody asked for it.
  private mutating func takeResponse(
    _ head: MessageHead, _ chunk: Chunk, _ reading: inout ChunkReading
  ) -> AnsweredRequest? {
    let request = request(answeredBy: chunk, headStart: reading.headStart, isInStep: reading.isInStep)
    var event = ExchangeEvent(kind: .unmatchedResponse)
    event.status = head.status
    event.time = chunk.time
    let isInterim = head.status < 200 && head.status != 101
    var answered: AnsweredRequest?
    if let request {
      let answer = pairing.answer(to: request, at: chunk.time)
      answered = answer.answered
      event.latency = answer.latency
      event.exchange = request
      event.kind = .answered
    }
    if isInterim {
      counters.interim &+= 1
      event.kind = .interim
    } else if let request {
      counters.exchanges &+= 1
      pairing.remove(request)
    } else {
      counters.unmatchedResponses &+= 1
    }
    batch.append(event)
    return answered
  }

  /// The request that a response answers; nil when it is none that was seen.
  @inline(__always)
  private mutating func request(answeredBy chunk: Chunk, headStart: UInt32, isInStep: Bool) -> RequestIndex? {
    let response = ResponseStart(
      key: ExchangeKey(flow: chunk.flow), sequence: headStart, acknowledgement: chunk.acknowledgement,
      hasAcknowledgement: chunk.hasAcknowledgement, isInStep: isInStep)
    while true {
      switch pairing.match(response) {
      case .answers(let request): return request
      case .overtook(let request): endUnanswered(request)
      case .tooEarly: return nil
      case .unasked:
        // A response that was held back before the request under other addresses was read.
        guard streams.isFresh(chunk.flow), chunk.hasAcknowledgement else { return nil }
        return expectedRequest(sequence: headStart, acknowledgement: chunk.acknowledgement)
      }
    }
  }

  /// Ends a request to which no response came.
  mutating func endUnanswered(_ request: RequestIndex) {
    makeRoomInBatch()
    var event = ExchangeEvent(kind: .unanswered)
    event.exchange = request
    event.time = clock
    pairing.remove(request)
    counters.unanswered &+= 1
    batch.append(event)
  }

  /// Makes room for one more head's event and names.
  @inline(__always)
  private mutating func makeRoomInBatch() {
    if batch.isNearlyFull { spillBatch() }
  }

  @inline(never)
  private mutating func spillBatch() {
    spill?(batch)
    batch.clear()
  }
}
