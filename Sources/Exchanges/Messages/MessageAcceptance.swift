// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1

/// What the head of a message decides about its connection.
extension ElementRef<MessageFlow> {
  /// Takes a head into account, if it may travel here; for a request, decides where the next head begins.
  @inline(__always)
  func accept(
    _ head: MessageHead, _ chunk: Chunk, _ half: ElementRef<MessageHalf>, _ reading: inout ChunkReading,
    isStreams: Bool
  ) -> Bool {
    let isRequest = head.kind.isRequest
    if isRequest, !self.hasHead, isAskedBack(head, chunk) { setRole(requestsIn: chunk.direction) }
    guard isRequest ? mayRequest(chunk.direction) : mayRespond(chunk.direction) else {
      reading.outcome.isFalseHead = true
      half.desynchronize()
      return false
    }
    if isRoleUnknown { setRole(requestsIn: isRequest ? chunk.direction : chunk.direction.opposite) }
    self.hasHead = true
    reading.outcome.heads &+= 1
    if isRequest { half.follow(request: head, isStreams: isStreams) }
    return true
  }

  /// Whether the first head of a connection shows that its opener is the one that is asked, as behind a proxy that is called
  /// back: what that side has sent so far is not HTTP.
  private func isAskedBack(_ head: MessageHead, _ chunk: Chunk) -> Bool {
    head.length > 0 && self[chunk.direction.opposite].phase == .desynchronized
  }

  /// Decides what follows a response, and what it decides for the requests' direction (RFC 9112, section 6.3);
  /// true when the connection leaves HTTP.
  func follow(
    _ head: MessageHead, answering request: AnsweredRequest?, _ direction: Direction,
    late: ElementRef<MessageHalf>?
  ) -> Bool {
    let half = late ?? self[direction]
    let status = head.status
    if request != nil { self.hasAnswer = true }
    let isSuccess = status / 100 == 2
    // The status decides: what is left of a head whose end was not seen is passed over with all that follows.
    if status == 101 || (request?.isConnect == true && isSuccess) {
      half.leaveHTTP()
      return true
    }
    if status < 200 {
      if head.length == 0 { half.desynchronize() } else { half.endMessage() }
      return false
    }
    // A late response decides nothing about what the other direction is doing now.
    if late == nil, let request, request.isConnect || request.isUpgrade {
      let other = self[direction.opposite]
      // The server kept to HTTP/1: more requests may follow.
      if other.phase == .awaitingResponse { other.stayInHTTP() }
    }
    // Some servers answer before they have read the body; one that refuses it may have a client that believes it.
    if late == nil, status >= 400 { self[direction.opposite].doubtUnfinishedBody() }
    if head.length == 0 {
      half.desynchronize()
      return false
    }
    if status == 204 || status == 304 || request?.isHead == true {
      half.endMessage()
      return false
    }
    half.trustBody(request != nil)
    half.readBody(of: head)
    return false
  }
}
