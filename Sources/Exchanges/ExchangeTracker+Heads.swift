// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System
import Text

/// A head of HTTP/1 becomes an event: a request waits for its response, a response finds its request.
extension ExchangeTracker {
  /// Takes a head into account: an event, and a place in the pairing. `head.length` is 0 when its end was not seen.
  mutating func take(
    _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ reading: inout ChunkReading
  ) {
    if head.length == 0 { counters.truncated &+= 1 }
    if !head.kind.isRequest, messages.isInHead(chunk.flow, chunk.direction.opposite) {
      endHead(answeredBy: chunk)
    }
    makeRoomInBatch()
    if head.kind.isRequest {
      counters.requests &+= 1
      if head.isMalformed { counters.malformedRequests &+= 1 }
      guard let added = takeRequest(head, bytes, chunk, reading.headStart) else { return }
      if !pairing.mayBeAnswered(added) { return endUnqueued(added) }
      if reading.isDoubtful, !reading.mayBeAnswered { end(added, as: .unknown) }
      return
    }
    counters.responses &+= 1
    if head.status == 101, takeUpgrade(head, bytes, chunk, &reading) { return }
    let answered = takeResponse(head, chunk, &reading)
    if batch.isDetailed { batch.describeResponse(head, answered, ends(chunk)) }
    if messages.follow(head, answering: answered, chunk, isLate: reading.isLate) {
      counters.tunnels &+= 1
      leaveHTTP(chunk, isLate: reading.isLate)
    }
  }

  /// Emits the event of a request and returns its place among those that wait for a response; nil when there is none.
  private mutating func takeRequest(
    _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ start: UInt32
  ) -> RequestIndex? {
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
      end(evicted, as: .unknown)
    }
    if pairing.first(of: chunk.flow) != nil { needsWhole = true } else { streams.calm(chunk.flow) }
    let added = pairing.add(request, isAnswered: streams.isAnswered(chunk.flow))
    event.exchange = added
    if streams.noteRequest(chunk.flow, at: clock), let added {
      pairing.expectResponse(to: added, bodyLength: head.bodyLength)
    }
    let names = batch.names
    event.method = head.method
    event.time = chunk.time
    // SP HTTP/1.x follows the target.
    let minor = head.target.end &+ 8
    if minor < bytes.byteCount, bytes.byte(minor) == UInt8(ascii: "0") { event.version = .http10 }
    if head.method.isOther {
      event.methodName = name(
        PrintableName.append(
          bytes, Int(head.methodBytes.start), head.methodBytes.end, lowercased: false, to: names))
    }
    var site = SiteName.append(head, bytes, to: names)
    if site.count == 0 { site = appendServerAddress(chunk) }
    event.site = name(site)
    event.section = name(RequestTarget.appendSection(head, bytes, depth: limits.sectionDepth, to: names))
    if clients.isWanted { return appendForwarded(event, head, bytes, chunk) }
    event.client = client(chunk)
    batch.append(event)
    if batch.isDetailed { batch.describeRequest(head, bytes, ends(chunk)) }
    return added
  }

  /// Emits the event of a request whose client may have asked a proxy; apart, for those who look for it.
  @inline(never)
  private mutating func appendForwarded(
    _ event: ExchangeEvent, _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk
  ) -> RequestIndex? {
    var event = event
    let ends = ends(chunk)
    let found = clients.client(head, bytes, ends.from, of: chunk.flow)
    event.client = name(of: found)
    batch.append(event)
    if batch.isDetailed {
      batch.describeRequest(head, bytes, ends)
      batch.describeClient(found, ends.from)
    }
    return event.exchange
  }

  /// Ends a request for which its connection had no room, in a call of its own: the names are in use until here.
  @inline(never)
  private mutating func endUnqueued(_ request: RequestIndex) {
    counters.evictedRequests &+= 1
    end(request, as: .unknown)
  }

  /// Emits the event of a response and returns what it answers; nil when nobody asked for it.
  private mutating func takeResponse(
    _ head: MessageHead, _ chunk: Chunk, _ reading: inout ChunkReading
  ) -> AnsweredRequest? {
    let request =
      reading.isDoubtful
      ? nil : request(answeredBy: chunk, headStart: reading.headStart, isInStep: reading.isInStep)
    var event = ExchangeEvent(kind: .unmatchedResponse)
    event.status = head.status
    event.outcome = .of(status: head.status)
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
      streams.noteAnswer(pairing.flow(of: request))
      pairing.remove(request)
    } else {
      counters.unmatchedResponses &+= 1
      needsWhole = true
    }
    batch.append(event)
    if batch.isAttributed {
      batch.attribute(parties(of: chunk.flow, asking: chunk.direction.opposite))
    }
    return answered
  }

  /// The request that a response answers; nil when it is none that was seen.
  @inline(__always)
  mutating func request(answeredBy chunk: Chunk, headStart: UInt32, isInStep: Bool) -> RequestIndex? {
    let response = ResponseStart(
      key: ExchangeKey(flow: chunk.flow), sequence: headStart, acknowledgement: chunk.acknowledgement,
      hasAcknowledgement: chunk.hasAcknowledgement, isInStep: isInStep, lastSent: lastSent(to: chunk))
    while true {
      switch pairing.match(response) {
      case .answers(let request): return request
      case .overtook(let request): end(request, as: .unknown)
      case .tooEarly, .unsent: return nil
      case .unasked:
        // A response that was held back before the request under other addresses was read.
        guard streams.isFresh(chunk.flow), chunk.hasAcknowledgement else { return nil }
        return expectedRequest(sequence: headStart, acknowledgement: chunk.acknowledgement)
      }
    }
  }

  /// The number after the last byte that a response's client may have sent; nil when that is not known.
  @inline(__always)
  private func lastSent(to chunk: Chunk) -> UInt32? {
    let direction = chunk.direction.opposite, unread = messages.unread(chunk.flow, direction)
    guard unread < 1 << 30, let position = streams.position(of: chunk.flow, direction) else { return nil }
    return position &+ unread
  }
}
