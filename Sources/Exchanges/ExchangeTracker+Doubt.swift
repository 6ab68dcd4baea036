// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System
import Text

/// How far live segments are believed whose numbers nothing explains: anybody can send some with guessed numbers,
/// and a guess must not move a connection on.
///
/// One far ahead is held, and believed by what a guess does not have: another segment that follows on it, an
/// acknowledgement of just what it ends with, or numbers that the other side shows. Else its heads count, and that is all.
extension ExchangeTracker {
  /// Leaves out a segment that its receiver drops. A head is kept until it shows whether the receiver does.
  @inline(never)
  mutating func leaveOutDropped(
    _ segment: borrowing Segment, _ payload: RawSpan, _ key: FlowKey, _ hash: UInt64, _ direction: Direction
  ) {
    var isReplacing = false
    switch HeadStart.verdict(payload) {
    case .request, .response:
      if fitsHead(at: segment.sequence, key, hash, direction),
        refused.keep(hash, direction, segment, payload, isReplacing: &isReplacing)
      {
        if isReplacing { countDoubtful() }
        return
      }
    default: break
    }
    countDoubtful()
  }

  /// Counts a segment that was left out, and nothing else.
  mutating func countDoubtful() {
    counters.doubtful &+= 1
    counters.classify(ChunkOutcome())
  }

  /// Whether a head may begin at a number, as far as its connection is known. In a body the true bytes may pass unseen,
  /// and be acknowledged.
  private mutating func fitsHead(
    at sequence: UInt32, _ key: FlowKey, _ hash: UInt64, _ direction: Direction
  ) -> Bool {
    guard let flow = streams.use(key, hash: hash), let position = streams.position(of: flow, direction) else {
      return true
    }
    return position == sequence && messages.isAtBoundary(flow, direction)
  }

  /// A head of a segment's connection was left out: reads it before the segment, if that shows it to be true.
  @inline(never)
  mutating func settleRefused(
    _ segment: borrowing Segment, _ key: FlowKey, _ hash: UInt64, _ direction: Direction
  ) {
    switch refused.evidence(hash, direction, segment) {
    case .none: return
    case .refuted:
      checksums.noteRefuted()
      _ = refused.take(hash)
      countDoubtful()
    case .confirmed(let isExact):
      var head = refused.take(hash)
      guard fitsHead(at: head.segment.sequence, key, hash, head.direction) else { return countDoubtful() }
      if isExact { checksums.noteAcknowledged() }
      if head.segment.checksum == .partial { checksums.notePartial(from: head.segment.source) }
      head.segment.checksum = .unknown
      let kept = refused.bytes
      process(head.segment, kept.bytes(of: head.block, count: head.count))
    }
  }

  /// Remembers how a chunk that is read begins, by which other bytes with its numbers show: those of a stranger, or the true
  /// ones after a stranger's.
  @inline(__always)
  func remember(_ chunk: Chunk, _ bytes: RawSpan) {
    guard bytes.byteCount >= Self.compared else { return }
    streams.setBeginning(chunk.flow, chunk.direction, at: chunk.sequence, beginning(bytes))
  }

  /// Whether a chunk whose numbers have been read begins otherwise than what was read there last.
  @inline(never)
  func contradicts(_ chunk: Chunk, _ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= Self.compared,
      let known = streams.beginning(of: chunk.flow, chunk.direction, at: chunk.sequence)
    else { return false }
    return known != beginning(bytes)
  }

  /// The number of bytes that are compared; of a shorter chunk none are.
  private static var compared: Int { 32 }

  @inline(__always)
  private func beginning(_ bytes: RawSpan) -> UInt32 {
    UInt32(truncatingIfNeeded: NameHash.hash(bytes.slice(0, Self.compared), seed: secrets.aHigh))
  }

  /// Whether nothing that was read explains a gap before a chunk, nor what the other side shows.
  @inline(never)
  mutating func isUnexplained(_ gap: UInt32, before chunk: Chunk) -> Bool {
    let isWaiting = streams.firstHeld(chunk.flow, chunk.direction) != nil
    return messages.isUnexplained(gap, before: chunk, isWaiting: isWaiting) && !isExpected(chunk)
  }

  /// Holds a chunk after a gap that nothing explains, until it is confirmed or has waited for long enough.
  @inline(never)
  mutating func holdUnexplained(_ chunk: Chunk, _ bytes: RawSpan) {
    guard streams.heldCount(chunk.flow, chunk.direction) < ExchangeLimits.doubtfulPerDirection,
      streams.hold(chunk, bytes, at: clock)
    else { return readDoubtful(chunk, bytes) }
    if streams.isConfirmed(chunk.flow, chunk.direction) { giveUpWaiting(chunk.flow) }
  }

  /// Reads on at a held head that a chunk of the other direction acknowledges: the chunk's sender has received it.
  @inline(never)
  mutating func trustHeld(by chunk: Chunk) {
    let other = chunk.direction.opposite
    guard streams.holdsHead(chunk.flow, other, endingAt: chunk.acknowledgement) else { return }
    readDoubtful(chunk.flow, other, until: chunk.acknowledgement)
    if let head = streams.firstHeld(chunk.flow, other) {
      streams.believe(chunk.flow, other, at: streams.held(head).chunk.sequence)
    }
    giveUpWaiting(chunk.flow)
  }

  /// Whether a chunk may be a guess: far ahead, without anything that explains or confirms it.
  mutating func isDoubtful(_ chunk: Chunk) -> Bool {
    guard !depth.isStreams, streams.isFarAhead(chunk) || !hasPlausibleAcknowledgement(chunk),
      !streams.followsDoubted(chunk), let position = streams.position(of: chunk.flow, chunk.direction),
      SequenceNumber.distance(chunk.sequence, from: position) > 0
    else { return false }
    return messages.isUnexplained(chunk.sequence &- position, before: chunk, isWaiting: true)
      && !streams.isConfirmed(chunk.flow, chunk.direction) && !isExpected(chunk)
  }

  /// Reads what a direction holds without moving it on, if it may be a guess; false, and nothing done, if not.
  mutating func giveUpDoubtful(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    guard let first = streams.firstHeld(flow, direction), isDoubtful(streams.held(first).chunk) else {
      return false
    }
    readDoubtful(flow, direction, until: nil)
    return true
  }

  /// Whether a direction is to go back to a chunk long past, since a guess has led it on: the chunk begins a head, and
  /// something confirms it.
  @inline(never)
  mutating func goesBack(to chunk: Chunk, _ bytes: RawSpan) -> Bool {
    guard HeadStart.verdict(bytes) != .none, streams.followsDoubted(chunk) || isExpected(chunk) else {
      return false
    }
    endHead(chunk.flow, chunk.direction)
    guard messages.restart(chunk.flow, chunk.direction) else { return false }
    streams.jump(to: chunk, known: 0)
    return true
  }

  /// Counts the heads of a late chunk that may be a guess. Where just one request was read of a connection and no answer, the
  /// guess may have been that one: the answer tells, by its numbers.
  mutating func readDoubtfulLate(_ chunk: Chunk, _ bytes: RawSpan) {
    let flow = chunk.flow
    let mayBeFirst =
      streams.position(of: flow, chunk.direction.opposite) == nil
      && messages.requestDirection(of: flow) == chunk.direction && !pairing.hasSeveral(of: flow)
    readDoubtful(chunk, bytes, mayBeAnswered: mayBeFirst && pairing.first(of: flow) != nil)
  }

  /// Counts the heads of a direction's first chunk, which may be a guess; or the only answer that was read may be one, and
  /// asked for nothing.
  @inline(never)
  mutating func readDoubtfulFirst(_ chunk: Chunk, _ bytes: RawSpan) {
    let flow = chunk.flow
    let mayBeFirst = messages.requestDirection(of: flow) == chunk.direction && !streams.isAnswered(flow)
    readDoubtful(chunk, bytes, mayBeAnswered: mayBeFirst && pairing.first(of: flow) == nil)
  }

  /// Counts the heads of a chunk that may be a guess.
  mutating func readDoubtful(_ chunk: Chunk, _ bytes: RawSpan, mayBeAnswered: Bool = false) {
    // They say nothing of what their connection's heads are good for.
    let neededWhole = needsWhole
    var outcome = readLateHeads(chunk, bytes, isDoubtful: true, mayBeAnswered: mayBeAnswered)
    needsWhole = neededWhole
    if outcome.heads == 0, chunk.kind == .start { outcome.isUnparseable = true }
    counters.classify(outcome)
    streams.believe(chunk.flow, chunk.direction, at: chunk.end)
  }

  /// Counts the heads of what a direction holds, up to the segment that ends at `end`, which stays.
  private mutating func readDoubtful(_ flow: FlowIndex, _ direction: Direction, until end: UInt32?) {
    while let first = streams.firstHeld(flow, direction) {
      let held = streams.held(first)
      if let end, held.chunk.end == end { return }
      let blocks = streams.heldBytes
      // The later parts of a segment have its class.
      if held.chunk.isFirst {
        readDoubtful(held.chunk, blocks.bytes(of: held.block, count: Int(held.captured)))
      }
      streams.removeFirstHeld(flow, direction)
    }
  }

  /// Whether a chunk acknowledges about as much as the other side has sent: a guess whose sequence number is near by
  /// chance does not.
  mutating func hasPlausibleAcknowledgement(_ chunk: Chunk) -> Bool {
    let other = chunk.direction.opposite
    guard chunk.hasAcknowledgement else { return true }
    let known = streams.position(of: chunk.flow, other)
    // Where nothing of a server was read, its client had received that much when it asked.
    guard let position = known ?? pairing.expectedPosition(of: chunk.flow) else { return true }
    let unread = known == nil ? 0 : messages.unread(chunk.flow, other)
    let distance = Int64(SequenceNumber.distance(chunk.acknowledgement, from: position))
    return distance >= -(1 << 20) && distance <= Int64(unread) + (1 << 20)
  }

  /// Whether a chunk would be the first that is read of its direction, and may be a guess.
  mutating func isDoubtfulFirst(_ chunk: Chunk) -> Bool {
    streams.position(of: chunk.flow, chunk.direction) == nil && !hasPlausibleAcknowledgement(chunk)
      && !isExpected(chunk)
  }

  /// Whether a chunk has the numbers that the other side shows: it acknowledges just what was read there, or begins where
  /// a request that waits expects its answer.
  private mutating func isExpected(_ chunk: Chunk) -> Bool {
    let other = chunk.direction.opposite
    if chunk.hasAcknowledgement, messages.isAtBoundary(chunk.flow, other),
      streams.position(of: chunk.flow, other) == chunk.acknowledgement
    {
      return true
    }
    guard messages.requestDirection(of: chunk.flow) == other else { return false }
    return pairing.expectedStart(of: chunk.flow) == chunk.sequence
      || pairing.expectedPosition(of: chunk.flow) == chunk.sequence
  }
}
