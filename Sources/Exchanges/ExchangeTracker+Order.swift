// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// Segments in the order of their bytes: read now, held, given up, or counted as seen.
extension ExchangeTracker {
  /// Reads a segment's payload now, or holds it, or counts it as seen.
  @inline(__always)
  mutating func arrive(_ chunk: Chunk, _ payload: RawSpan) {
    let bytes = payload.byteCount > Int(chunk.length) ? payload.slice(0, Int(chunk.length)) : payload
    // What it claims of its stream is not believed: its numbers move nothing.
    if messages.isLatePreface(chunk, bytes) {
      return counters.classify(ChunkOutcome(isUnparseable: true))
    }
    if !streams.isStreams, chunk.hasAcknowledgement, streams.hasHeld(chunk.flow) { trustHeld(by: chunk) }
    if !streams.isStreams, isDoubtfulFirst(chunk) { return readDoubtfulFirst(chunk, bytes) }
    let demand = messages.demand(of: chunk.flow, chunk.direction)
    let placement = streams.place(chunk, bytes, for: demand, at: clock)
    switch placement {
    case .next:
      if messages.passBody(chunk, bytes) {
        counters.classify(ChunkOutcome())
        streams.advance(past: chunk)
      } else {
        take(chunk, bytes)
      }
    case .held: break
    case .passedOver: counters.classify(ChunkOutcome())
    case .gap(let gap): readAfterGap(of: gap, chunk, bytes)
    case .noRoom:
      if isDoubtful(chunk) { return counters.classify(ChunkOutcome(isUnparseable: true)) }
      if let longest = streams.nextToGiveUp(for: chunk.flow, count: bytes.byteCount) {
        // Its bytes are the least likely to come; at least one place is free after it.
        giveUpWaiting(longest)
        return arrive(chunk, payload)
      }
      giveUpWaiting(chunk.flow)
      let placement = streams.placeAtOnce(chunk)
      if case .gap(let gap) = placement {
        skip(chunk.flow, chunk.direction, gap, from: chunk.sequence &- gap)
      }
      readPlaced(chunk, bytes, placement)
    case .first, .overlap, .duplicate, .late: readPlaced(chunk, bytes, placement)
    }
  }

  /// Reads a chunk by its place, for which nothing waits any longer.
  private mutating func readPlaced(_ chunk: Chunk, _ bytes: RawSpan, _ placement: Placement) {
    switch placement {
    case .first:
      messages.begin(chunk.flow, chunk.direction)
      take(chunk, bytes)
    case .overlap(let seen):
      if takesBackPreface(chunk, bytes) { return }
      if followsPadding(chunk, bytes, seen) { return take(chunk, bytes) }
      take(chunk.dropping(seen), bytes.slice(min(Int(seen), bytes.byteCount), bytes.byteCount))
    case .duplicate:
      if takesBackPreface(chunk, bytes) { return }
      if contradicts(chunk, bytes) { counters.doubtful &+= 1 }
      counters.classifyDuplicate()
    case .late: readLate(chunk, bytes)
    case .next, .gap, .held, .noRoom, .passedOver: take(chunk, bytes)
    }
  }

  /// Whether a head begins with the numbers of a few bytes that were none: some network counts what pads an empty
  /// segment's frame, up to 6 bytes after the headers of IPv4 and TCP, as its data.
  private func followsPadding(_ chunk: Chunk, _ bytes: RawSpan, _ seen: UInt32) -> Bool {
    seen <= 6 && messages.isDesynchronized(chunk.flow, chunk.direction) && HeadLooks.beginsLikeHead(bytes)
  }

  /// Reads a chunk that begins at the next byte.
  mutating func take(_ chunk: Chunk, _ bytes: RawSpan) {
    remember(chunk, bytes)
    counters.classify(read(chunk, bytes))
    streams.advance(past: chunk)
  }

  /// Depth `heads`: reads a segment after bytes that the kernel did not pass, body as a rule.
  private mutating func readAfterGap(of gap: UInt32, _ chunk: Chunk, _ bytes: RawSpan) {
    if isUnexplained(gap, before: chunk) { return holdUnexplained(chunk, bytes) }
    // What waits for missing bytes and comes before it is read first: those of a segment that passed whole, in fragments.
    if let held = streams.firstHeld(chunk.flow, chunk.direction), chunk.kind == .start,
      streams.held(held).chunk.kind == .stream,
      SequenceNumber.distance(chunk.sequence, from: streams.held(held).chunk.sequence) > 0
    {
      giveUpWaiting(chunk.flow)
      if streams.firstHeld(chunk.flow, chunk.direction) != held { return arrive(chunk, bytes) }
    }
    let hint = messages.needsHint(chunk, bytes) ? hint(for: chunk) : PairingHint()
    switch messages.passGap(of: gap, before: chunk, hint) {
    case .isBody(let looksLikeHead): return counters.classify(ChunkOutcome(isFalseHead: looksLikeHead))
    case .beyondHead: return counters.classify(ChunkOutcome())
    case .insideHead:
      if streams.hold(chunk, bytes, at: clock) { return }
      return counters.classify(ChunkOutcome())
    case .endsHead:
      endHead(chunk.flow, chunk.direction)
      streams.jump(to: chunk, known: 0)
    case .endsBody(let rest): streams.jump(to: chunk, known: rest)
    case .unknown: streams.jump(to: chunk, known: 0)
    }
    take(chunk, bytes)
  }

  /// Continues after bytes that will not come.
  private mutating func skip(_ flow: FlowIndex, _ direction: Direction, _ gap: UInt32, from position: UInt32)
  {
    counters.skippedBytes &+= UInt64(gap)
    if messages.isInHead(flow, direction) { endHead(flow, direction, at: position) }
    messages.skip(flow, direction, UInt64(gap))
    frames.skip(flow, direction, gap)
  }

  /// Counts the whole heads in a late chunk; the direction's state stays as it is.
  private mutating func readLate(_ chunk: Chunk, _ payload: RawSpan) {
    if !streams.isStreams, streams.isLongPast(chunk) {
      return goesBack(to: chunk, payload) ? take(chunk, payload) : readDoubtfulLate(chunk, payload)
    }
    if !streams.isStreams, !hasPlausibleAcknowledgement(chunk) { return readDoubtfulLate(chunk, payload) }
    var outcome = readLateHeads(chunk, payload)
    if outcome.heads == 0, chunk.kind == .start { outcome.isUnparseable = true }
    counters.classify(outcome)
    streams.receive(chunk)
  }

  /// Reads everything that no longer has to wait, in both directions.
  mutating func progress(_ flow: FlowIndex) {
    var hasMoved = false
    while true {
      let forward = drain(flow, .forward)
      let backward = drain(flow, .backward)
      if !forward, !backward { break }
      hasMoved = true
    }
    streams.settle(flow, isOver: hasMoved, at: clock)
  }

  /// Reads the held chunks of one direction as far as they follow on; true when one was read.
  private mutating func drain(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    var hasMoved = false
    let isFramed = !depth.isStreams && messages.carriesFrames(flow)
    while let first = streams.firstHeld(flow, direction) {
      // What it waits for may have turned out to be DATA, which does not come.
      if isFramed { passData(before: streams.held(first).chunk) }
      if streams.isAlone(flow, direction), streams.showsLoss(streams.held(first).chunk) {
        readOn(flow, direction.opposite)
        return true
      }
      guard
        let placement = streams.placeHeld(flow, direction, for: messages.demand(of: flow, direction)),
        placement != .held
      else { break }
      hasMoved = true
      readHeld(streams.held(first), placement)
      streams.removeFirstHeld(flow, direction)
      // What is read alone may be what the other side's bytes wait for.
      if streams.isAlone(flow, direction), streams.firstHeld(flow, direction.opposite) != nil { break }
    }
    return hasMoved
  }

  /// Reads a held chunk whose time has come.
  private mutating func readHeld(_ held: HeldChunk, _ placement: Placement) {
    let blocks = streams.heldBytes
    let bytes = blocks.bytes(of: held.block, count: Int(held.captured))
    // A later part of a long segment: the segment has its class already.
    guard held.chunk.isFirst else { return readPart(held.chunk, bytes, placement) }
    readPlaced(held.chunk, bytes, placement)
  }

  private mutating func readPart(_ part: Chunk, _ bytes: RawSpan, _ placement: Placement) {
    switch placement {
    case .duplicate: break
    case .late: _ = readLateHeads(part, bytes)
    case .overlap(let seen):
      let rest = part.dropping(seen)
      let outcome = read(rest, bytes.slice(min(Int(seen), bytes.byteCount), bytes.byteCount))
      counters.pipelinedHeads &+= UInt64(outcome.heads)
      streams.advance(past: rest)
    case .next, .first, .gap, .held, .noRoom, .passedOver:
      let outcome = read(part, bytes)
      counters.pipelinedHeads &+= UInt64(outcome.heads)
      streams.advance(past: part)
    }
  }

  /// Reads on after whatever a flow waits for: it has waited long enough, or there is no room.
  mutating func giveUpWaiting(_ waiting: FlowIndex) {
    var flow = waiting
    if streams.isFresh(flow), let asker = joinByHeldResponse(flow) { flow = asker }
    progress(flow)
    // The requests first: the responses may be waiting for them.
    let first = probableRequestDirection(of: flow)
    for step in 0..<2 {
      let direction = step == 0 ? first : first.opposite
      if giveUpDoubtful(flow, direction) { continue }
      if readOn(flow, direction) { progress(flow) }
    }
    // Something may still wait, for the next gap: it gets its own time.
    if streams.isWaiting(flow) { streams.settle(flow, isOver: true, at: clock) }
  }

  /// Continues a direction at what it holds, without the bytes before it; false when it holds nothing.
  @discardableResult
  private mutating func readOn(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    guard let resumption = streams.resume(flow, direction) else { return false }
    if resumption.isFirst { messages.begin(flow, direction) }
    if resumption.missing > 0 { skip(flow, direction, resumption.missing, from: resumption.position) }
    messages.giveUpResponse(flow, direction)
    return true
  }

  /// The direction that asks, as far as anything tells: without a SYN and before any head was read, what is
  /// held back does.
  private mutating func probableRequestDirection(of flow: FlowIndex) -> Direction {
    if let known = messages.requestDirection(of: flow) { return known }
    let blocks = streams.heldBytes
    for direction in [Direction.forward, .backward] {
      var next = streams.firstHeld(flow, direction)
      while let index = next {
        let held = streams.held(index)
        switch HeadStart.verdict(blocks.bytes(of: held.block, count: Int(held.captured))) {
        case .request, .http2: return direction
        case .response: return direction.opposite
        case .requestPrefix, .responsePrefix, .none: next = streams.held(after: index)
        }
      }
    }
    return .forward
  }
}
