// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1

/// Depth `auto`: what is known of bytes that the filter does not pass, and what is wished of it.
extension ExchangeTracker {
  /// Depth `auto`: does not wait for body that did not pass before a segment of a connection that by now passes whole.
  @inline(never)
  mutating func passUnseen(before chunk: Chunk) {
    guard let position = streams.position(of: chunk.flow, chunk.direction) else { return beginStream(chunk) }
    if messages.carriesFrames(chunk.flow) { return passData(before: chunk) }
    let gap = SequenceNumber.distance(chunk.sequence, from: position)
    guard gap > 0 else { return }
    if messages.isInBody(chunk.flow, chunk.direction, atLeast: UInt64(gap)) {
      messages.skip(chunk.flow, chunk.direction, UInt64(gap))
      streams.jump(to: chunk, known: UInt32(gap))
    } else if wasAsked(at: chunk), messages.restart(chunk.flow, chunk.direction) {
      streams.jump(to: chunk, known: 0)
    }
  }

  /// Whether the client had read exactly up to a response's chunk when it asked last: what comes before it is not sent again.
  private func wasAsked(at chunk: Chunk) -> Bool {
    guard messages.requestDirection(of: chunk.flow) == chunk.direction.opposite else { return false }
    let hint = pairing.hint(for: chunk.flow)
    return hint.isWaiting && hint.hasLastAcknowledgement && hint.lastAcknowledgement == chunk.sequence
  }

  /// Depth `auto`, HTTP/2: does not wait for the payload of DATA, of which the filter leaves out what it can, neither
  /// before a chunk nor before what it acknowledges.
  mutating func passData(before chunk: Chunk) {
    passData(chunk.flow, chunk.direction, upTo: chunk.sequence)
    guard chunk.hasAcknowledgement else { return }
    passData(chunk.flow, chunk.direction.opposite, upTo: chunk.acknowledgement)
  }

  /// Counts the bytes up to a sequence number as read, if all of them are DATA.
  mutating func passData(_ flow: FlowIndex, _ direction: Direction, upTo sequence: UInt32) {
    guard messages.isInFrames(flow, direction), let position = streams.position(of: flow, direction)
    else { return }
    let gap = SequenceNumber.distance(sequence, from: position)
    guard gap > 0, frames.isInData(flow, direction, atLeast: UInt32(gap)) else { return }
    frames.skip(flow, direction, UInt32(gap))
    streams.pass(flow, direction, UInt32(gap))
  }

  /// Answers a segment's question where the next frame of its direction begins, if that is known.
  @inline(never)
  mutating func answerQuestion(
    _ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment
  ) {
    guard messages.isInFrames(flow, direction), let position = streams.position(of: flow, direction),
      let ahead = frames.bytesToHeader(flow, direction)
    else { return }
    answer?(segment, position &+ UInt32(truncatingIfNeeded: ahead))
  }

  /// Begins a direction of which nothing has been read at the number that its request waits for, so that a
  /// response that overtook another one is not taken for the first.
  private mutating func beginStream(_ chunk: Chunk) {
    guard messages.requestDirection(of: chunk.flow) == chunk.direction.opposite,
      let start = pairing.expectedStart(of: chunk.flow)
    else { return }
    let gap = SequenceNumber.distance(chunk.sequence, from: start)
    guard gap >= 0, gap < Int32(HeadParser.maximumLength) else { return }
    // What begins right there may be bytes that belong to nothing, and the answer after them.
    messages.begin(chunk.flow, chunk.direction, atBoundary: gap == 0)
    streams.begin(chunk.flow, chunk.direction, at: start)
  }

  /// Tells the capture what is wished for a connection: that it passes whole, as far as its heads are not enough, or
  /// no longer, once they have been for a while.
  @inline(never)
  mutating func adviseDepth(of flow: FlowIndex, _ segment: borrowing Segment) {
    guard segment.kind == .stream, segment.payloadLength > 0 else {
      needsWhole = false
      // Not without end: what cannot be read for other reasons would pass whole for ever.
      if streams.takeMark(of: flow) { hint?(segment, .mark) }
      return
    }
    if needsWhole {
      needsWhole = false
      streams.disturb(flow)
    } else if messages.isInHead(flow, .forward) || messages.isInHead(flow, .backward) {
      // The filter keeps no account of heads in what passes whole: as heads, the rest of this one would not pass.
      hint?(segment, .mark)
    } else if messages.carriesFrames(flow) {
      return
    } else if messages.hasLeftHTTP(flow) {
      hint?(segment, .leave)
    } else if messages.isUnknown(flow) {
      hint?(segment, .clear)
    } else if !streams.hasHeld(flow), streams.isCalm(flow) || messages.isInLongBody(flow),
      !pairing.hasSeveral(of: flow)
    {
      hint?(segment, .clear)
    }
  }
}
