// SPDX-License-Identifier: Apache-2.0

import System

/// Segments that wait: for missing bytes before them, or for the request that they answer.
extension ExchangeTracker {
  /// Holds a segment back, in the order of the stream; false when there is no room.
  mutating func hold(_ piece: StreamPiece, _ bytes: RawSpan) -> Bool {
    let needed = max(1, (bytes.byteCount + HeldSegments.blockSize - 1) / HeldSegments.blockSize)
    guard Int(flows[piece.flow][piece.isForward].heldCount) + needed <= limits.heldPerDirection else {
      return false
    }
    var rest = piece
    var offset = 0
    var isFirst = true
    while true {
      let count = min(HeldSegments.blockSize, bytes.byteCount - offset)
      var part = rest
      let isLast = offset + count == bytes.byteCount
      if !isLast { part.length = UInt32(count) }
      let place = held.add(part, bytes.slice(offset, offset + count), isFirst: isFirst)
      if place < 0 {
        if isFirst { return false }
        // What was added of this segment stays: reading it later yields the rest as a gap.
        break
      }
      insertHeld(place, part)
      if isLast { break }
      offset += count
      rest = rest.dropping(UInt32(count))
      isFirst = false
    }
    // The other direction has company again: its responses wait for what these bytes ask.
    flows[piece.flow][!piece.isForward].isAlone = false
    startWaiting(piece.flow)
    return true
  }

  mutating func insertHeld(_ place: Int32, _ piece: StreamPiece) {
    let flow = piece.flow, isForward = piece.isForward
    flows[flow][isForward].heldCount &+= 1
    var before: Int32 = -1
    var at = flows[flow][isForward].held
    while at >= 0, SequenceNumber.distance(held[at].piece.sequence, from: piece.sequence) <= 0 {
      before = at
      at = held[at].next
    }
    held[place].next = at
    if before >= 0 { held[before].next = place } else { flows[flow][isForward].held = place }
  }

  private mutating func removeFirstHeld(_ flow: Int32, _ isForward: Bool) {
    let place = flows[flow][isForward].held
    flows[flow][isForward].held = held[place].next
    flows[flow][isForward].heldCount &-= 1
    held.remove(place)
  }

  /// Reads everything that no longer has to wait, in both directions, and sees to the waiting list.
  mutating func progress(_ flow: Int32) {
    var hasMoved = false
    while true {
      let forward = drain(flow, true)
      let backward = drain(flow, false)
      if !forward, !backward { break }
      hasMoved = true
    }
    if flows[flow].forward.held < 0, flows[flow].backward.held < 0 {
      stopWaiting(flow)
    } else if hasMoved {
      stopWaiting(flow)
      startWaiting(flow)
    }
  }

  /// Reads the held segments of one direction as far as they follow on; true when one was read.
  private mutating func drain(_ flow: Int32, _ isForward: Bool) -> Bool {
    var hasMoved = false
    while flows[flow][isForward].held >= 0, flows[flow][isForward].isKnown {
      let half = flows[flow][isForward]
      let entry = held[half.held].value
      let piece = entry.piece
      guard SequenceNumber.distance(piece.sequence, from: half.next) <= 0 else { break }
      if half.coverage.contains(piece.sequence, piece.end) {
        if entry.isFirst { classifyDuplicate() }
        removeFirstHeld(flow, isForward)
        hasMoved = true
        continue
      }
      if half.phase == .awaiting || mustWait(piece, half) { break }
      hasMoved = true
      readHeld(entry, half)
      removeFirstHeld(flow, isForward)
    }
    return hasMoved
  }

  /// Reads a held segment whose time has come.
  private mutating func readHeld(_ entry: HeldSegments.Held, _ half: Place<HalfStream>) {
    let blocks = held.blocks
    let bytes = entry.block >= 0 ? blocks.bytes(of: entry.block, count: Int(entry.captured)) : RawSpan()
    var piece = entry.piece
    var offset = 0
    if SequenceNumber.distance(piece.sequence, from: half.next) < 0 {
      if SequenceNumber.distance(piece.end, from: half.next) <= 0 {
        if entry.isFirst { readLate(piece, bytes) } else { _ = readLateHeads(piece, bytes) }
        return
      }
      let seen = overlap(piece, half)
      piece = piece.dropping(seen)
      offset = min(Int(seen), bytes.byteCount)
    }
    let outcome = read(piece, bytes.slice(offset, bytes.byteCount))
    if entry.isFirst {
      classify(outcome)
    } else {
      // A later part of a long segment: the segment has its class already.
      counters.pipelinedHeads &+= UInt64(outcome.heads)
      if outcome.hasPartialHead, outcome.heads == 0, half.headSegments > 0 { half.headSegments &-= 1 }
    }
    advanceHalf(piece)
  }

  /// Forgets the held segments of a direction; each still gets its class.
  mutating func dropHeld(_ flow: Int32, _ isForward: Bool) {
    while flows[flow][isForward].held >= 0 {
      if held[flows[flow][isForward].held].isFirst { classify(PieceOutcome()) }
      removeFirstHeld(flow, isForward)
    }
  }

  mutating func startWaiting(_ flow: Int32) {
    guard !flows[flow].isWaiting else { return }
    flows[flow].isWaiting = true
    flows[flow].waitingSince = clock
    flows[flow].waitingBefore = lastWaiting
    flows[flow].waitingAfter = -1
    if lastWaiting >= 0 { flows[lastWaiting].waitingAfter = flow } else { firstWaiting = flow }
    lastWaiting = flow
  }

  mutating func stopWaiting(_ flow: Int32) {
    guard flows[flow].isWaiting else { return }
    let before = flows[flow].waitingBefore, after = flows[flow].waitingAfter
    if before >= 0 { flows[before].waitingAfter = after } else { firstWaiting = after }
    if after >= 0 { flows[after].waitingBefore = before } else { lastWaiting = before }
    flows[flow].isWaiting = false
  }
}
