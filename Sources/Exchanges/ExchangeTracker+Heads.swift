// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1

/// What a head means for its flow: an event, a place in the pairing, and where the next head begins.
extension ExchangeTracker {
  /// Takes a head into account. `head.length` is 0 when its end was not seen.
  mutating func deliver(
    _ head: MessageHead, _ bytes: RawSpan, _ piece: StreamPiece, _ start: UInt32, _ isInStep: Bool,
    _ half: Place<HalfStream>, _ outcome: inout PieceOutcome
  ) {
    let isRequest = head.kind.isRequest
    guard
      isRequest
        ? flows[piece.flow].mayRequest(piece.isForward) : flows[piece.flow].mayRespond(piece.isForward)
    else {
      outcome.isLookalike = true
      half.phase = .lost
      return
    }
    if flows[piece.flow].requests == .unknown {
      flows[piece.flow].requests = piece.isForward == isRequest ? .forward : .backward
    }
    outcome.heads &+= 1
    if head.length == 0 { counters.truncated &+= 1 }
    makeRoomInBatch()
    if isRequest {
      counters.requests &+= 1
      requestSeen(head, bytes, piece, start)
      half.phase = phaseAfterRequest(head, half)
    } else {
      counters.responses &+= 1
      let request = responseSeen(head, piece, start, isInStep)
      if batch.isDetailed { describeResponse(head, request, piece) }
      setPhaseAfterResponse(head, request, piece, half)
    }
    half.isContiguous = true
  }

  /// Emits the event of a request and adds it to those that wait for a response.
  mutating func requestSeen(_ head: MessageHead, _ bytes: RawSpan, _ piece: StreamPiece, _ start: UInt32) {
    var event = ExchangeEvent(kind: .request)
    let headEnd = head.length > 0 ? start &+ UInt32(head.length) : piece.end
    // Before the names: it may give an older request up, and hand the batch on with all names in it.
    event.exchange = addPending(
      PendingRequest(
        flow: piece.flow, headStart: start, headEnd: headEnd, acknowledgement: piece.acknowledgement,
        hasAcknowledgement: piece.hasAcknowledgement, isHead: head.method.isHead,
        isConnect: head.method.isConnect, isUpgrade: head.upgrade, time: piece.time,
        clock: clock))
    expectResponse(to: event.exchange, on: piece.flow, bodyLength: head.bodyLength)
    let names = batch.names
    event.method = head.method
    event.time = piece.time
    if head.method.isOther {
      event.methodName = name(
        PrintableName.append(
          bytes, Int(head.methodBytes.start), head.methodBytes.end, lowercased: false, to: names))
    }
    var site = SiteName.append(head, bytes, to: names)
    if site.count == 0 { site = appendServerAddress(piece) }
    event.site = name(site)
    event.section = name(RequestTarget.appendSection(head, bytes, to: names))
    batch.append(event)
    if batch.isDetailed { describeRequest(head, bytes, piece) }
  }

  private mutating func name(_ place: (start: Int, count: Int)) -> NameRange {
    guard place.count > 0 else { return NameRange() }
    let hash = NameHash.hash(batch.names.bytes(start: place.start, count: place.count), seed: seed)
    return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: hash)
  }

  private mutating func appendServerAddress(_ piece: StreamPiece) -> (start: Int, count: Int) {
    let key = flows[piece.flow].key
    return piece.isForward
      ? AddressName.append(high: key.bHigh, low: key.bLow, to: batch.names)
      : AddressName.append(high: key.aHigh, low: key.aLow, to: batch.names)
  }

  /// RFC 9112, section 6.3, for requests.
  @inline(__always)
  private mutating func phaseAfterRequest(_ head: MessageHead, _ half: Place<HalfStream>) -> HalfStream.Phase
  {
    if head.length == 0 { return .lost }
    if head.method.isConnect { return .awaiting }
    half.isBodyUncertain = false
    switch head.framing {
    case .unspecified: return head.upgrade && isStreams ? .awaiting : .boundary
    case .length:
      half.remaining = head.contentLength
      return head.contentLength == 0 ? .boundary : .body
    case .chunked:
      half.chunks = ChunkedBody()
      return .chunked
    // A server answers these with an error and closes (section 6.3, rules 4 and 5).
    case .untilClose, .unknown: return .lost
    }
  }

  /// RFC 9112, section 6.3, for responses, and what they decide for the requests' direction.
  private mutating func setPhaseAfterResponse(
    _ head: MessageHead, _ request: AnsweredRequest?, _ piece: StreamPiece, _ half: Place<HalfStream>
  ) {
    let status = head.status
    let isSuccess = status / 100 == 2
    if status == 101 || (request?.isConnect == true && isSuccess) {
      counters.tunnels &+= 1
      leavesHTTP(piece, half)
      return
    }
    if status < 200 {
      half.phase = head.length == 0 ? .lost : .boundary
      return
    }
    if flows[piece.flow][!piece.isForward].phase == .awaiting,
      request?.isConnect == true || request?.isUpgrade == true
    {
      // The server kept to HTTP/1: more requests may follow.
      flows[piece.flow][!piece.isForward].phase = .boundary
    }
    if status == 204 || status == 304 || request?.isHead == true {
      half.phase = head.length == 0 ? .lost : .boundary
      return
    }
    if head.length == 0 {
      half.phase = .lost
      return
    }
    half.isBodyUncertain = request == nil
    switch head.framing {
    case .length:
      half.remaining = head.contentLength
      half.phase = head.contentLength == 0 ? .boundary : .body
    case .chunked:
      half.chunks = ChunkedBody()
      half.phase = .chunked
    case .unspecified, .untilClose: half.phase = .untilClose
    case .unknown: half.phase = .lost
    }
  }
}
