// SPDX-License-Identifier: Apache-2.0

import HTTP1

/// What the reading of a response must know about its request.
struct AnsweredRequest {
  var isHead: Bool
  var isConnect: Bool
  var isUpgrade: Bool
}

/// Ties responses to requests by sequence and acknowledgement numbers; pipelined requests are answered
/// in order (RFC 9112, section 9.3.2).
extension ExchangeTracker {
  /// Adds a request to its flow, in the order of the stream; returns its place.
  mutating func addPending(_ request: PendingRequest) -> Int32 {
    var place = pending.add(request)
    if place < 0 {
      counters.evictedRequests &+= 1
      endUnanswered(pending.oldest)
      place = pending.add(request)
      if place < 0 { return -1 }
    }
    let flow = request.flow
    // Almost always the last one; a late segment may bring an earlier request.
    var after: Int32 = -1
    var before = flows[flow].lastPending
    while before >= 0, SequenceNumber.distance(pending[before].headStart, from: request.headStart) > 0 {
      after = before
      before = pending[before].before
    }
    pending[place].before = before
    pending[place].after = after
    if before >= 0 { pending[before].after = place } else { flows[flow].firstPending = place }
    if after >= 0 { pending[after].before = place } else { flows[flow].lastPending = place }
    return place
  }

  /// Emits the event of a response and returns what it answers; nil for an orphan.
  ///
  /// `isInStep` tells that no bytes of this direction are missing before it, so that no response can
  /// have been missed.
  mutating func responseSeen(
    _ head: MessageHead, _ piece: StreamPiece, _ start: UInt32, _ isInStep: Bool
  ) -> AnsweredRequest? {
    let place = request(answeredBy: piece, start, isInStep)
    var event = ExchangeEvent(kind: .orphan)
    event.status = head.status
    event.time = piece.time
    let isInterim = head.status < 200 && head.status != 101
    guard place >= 0 else {
      if isInterim {
        counters.interim &+= 1
        event.kind = .interim
      } else {
        counters.unmatchedResponses &+= 1
      }
      batch.append(event)
      return nil
    }
    let request = pending[place]
    let answered = AnsweredRequest(
      isHead: request.isHead, isConnect: request.isConnect, isUpgrade: request.isUpgrade)
    event.exchange = place
    event.latency = piece.time > request.time ? piece.time &- request.time : 0
    if isInterim {
      counters.interim &+= 1
      event.kind = .interim
    } else {
      counters.exchanges &+= 1
      event.kind = .answered
      removePending(place)
    }
    batch.append(event)
    return answered
  }

  /// Gives a request up: no response came.
  mutating func endUnanswered(_ place: Int32) {
    guard place >= 0 else { return }
    makeRoomInBatch()
    var event = ExchangeEvent(kind: .unanswered)
    event.exchange = place
    event.time = clock
    removePending(place)
    counters.unanswered &+= 1
    batch.append(event)
  }

  /// The request that a response answers, -1 when it is none that was seen.
  private mutating func request(
    answeredBy piece: StreamPiece, _ start: UInt32, _ isInStep: Bool
  ) -> Int32 {
    var place = flows[piece.flow].firstPending
    guard place >= 0 else {
      // A response that was held back before the request under other addresses was read.
      guard flows[piece.flow].standing == .fresh, piece.hasAcknowledgement else { return -1 }
      return expectedRequest(start, piece.acknowledgement)
    }
    // The server sent this before the request reached it: it answers an earlier one.
    if isTooEarly(piece, start, place) { return -1 }
    // With a gap before it, responses may have been missed: a request whose successor was sent when
    // the client had already received more has been answered in that gap.
    while !isInStep {
      let next = pending[place].after
      guard next >= 0, pending[next].hasAcknowledgement,
        pending[next].acknowledgement != pending[place].acknowledgement, !isTooEarly(piece, start, next)
      else { break }
      endUnanswered(place)
      place = next
    }
    return place
  }

  /// Whether a response that begins at `start` was sent before its sender had the request, or lies
  /// before what the client had received when it asked.
  @inline(__always)
  private mutating func isTooEarly(_ piece: StreamPiece, _ start: UInt32, _ place: Int32) -> Bool {
    if piece.hasAcknowledgement,
      SequenceNumber.distance(piece.acknowledgement, from: pending[place].headStart) <= 0
    {
      return true
    }
    return pending[place].hasAcknowledgement
      && SequenceNumber.distance(start, from: pending[place].acknowledgement) < 0
  }

  private mutating func removePending(_ place: Int32) {
    let before = pending[place].before, after = pending[place].after, flow = pending[place].flow
    if before >= 0 { pending[before].after = after } else { flows[flow].firstPending = after }
    if after >= 0 { pending[after].before = before } else { flows[flow].lastPending = before }
    pending.remove(place)
  }
}
