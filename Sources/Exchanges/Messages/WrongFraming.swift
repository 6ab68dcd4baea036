// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// The place where reading resumes when a message is longer or shorter than its head says: as the peers do, by what was sent.
extension ElementRef<MessageFlow> {
  /// Passes over bytes that follow a complete message and begin none, to the status line in the same chunk that
  /// clients would find, while a request waits.
  func passStray(_ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading) {
    if isResponding(chunk.direction), reading.hint.isWaiting,
      let offset = StatusLine.first(in: payload, from: reading.headOffset &+ 1)
    {
      reading.offset = offset
      return
    }
    reading.outcome.isUnparseable = true
    self[chunk.direction].desynchronize()
  }

  /// Ends a body before a chunk with which something else begins although its framing says otherwise: peers that give
  /// a wrong length continue by what was sent. False, and nothing ended, for more of the body.
  ///
  /// After a response's body comes the response to a request that was sent when exactly the bytes before it had
  /// arrived. After the beginning of a request's body that was refused before its end, the chunk after the answer
  /// decides: it is more of the body, or a request by a client that has received the answer.
  func endBody(before chunk: Chunk, _ payload: RawSpan, _ hint: PairingHint) -> Bool {
    let half = self[chunk.direction]
    let isOver: Bool
    if isResponding(chunk.direction) {
      isOver = (half.isBodyUncertain || isAskedAgain(chunk, hint)) && HeadLooks.beginsLikeStatus(payload)
    } else if half.isBodyUncertain {
      half.trustBody(true)
      isOver =
        !hint.isWaiting && chunk.hasAcknowledgement && hint.otherPosition == chunk.acknowledgement
        && HeadLooks.beginsLikeRequest(payload)
    } else {
      isOver = false
    }
    if isOver { half.desynchronize() }
    return isOver
  }

  /// Whether a waiting request was sent when exactly the bytes before this chunk of a response had arrived.
  func isAskedAgain(_ chunk: Chunk, _ hint: PairingHint) -> Bool {
    isResponding(chunk.direction) && hint.isWaiting && hint.hasLastAcknowledgement
      && hint.lastAcknowledgement == chunk.sequence
  }
}
