// SPDX-License-Identifier: Apache-2.0

package import Capture
import HTTP1
import System

/// Turns the segments of many flows into exchanges: every byte once, every head once, every response
/// tied to its request.
///
/// It conducts stages that do not know each other, and hands values from one to the next:
///
///     Segment ─▶ StreamAssembler ─Chunk─┬▶ MessageReader (HTTP/1) ─head─┬▶ RequestPairing ─▶ ExchangeEvent
///                                       └▶ FrameStage (HTTP/2) ─message─┘
///
/// One tracker belongs to one thread. All its memory is reserved when it is made; nothing is
/// allocated while it works. Methods on the path of every head are `mutating` even where they change
/// nothing: a call that only borrows the tracker copies all of it first.
package struct ExchangeTracker: ~Copyable {
  package let limits: ExchangeLimits
  package let depth: CaptureDepth
  /// The delivery half of the accounting, since the tracker was made.
  package internal(set) var counters = ExchangeCounters()
  /// What the last call brought about; the caller reads it and clears it.
  package var batch = EventBatch()
  /// Called with a full batch in the middle of a call; the batch is cleared afterwards.
  package var spill: ((borrowing EventBatch) -> Void)?
  /// Tells the capture what is wished for a segment's connection at depth `auto`; nil where nothing can be wished.
  package var hint: ((borrowing Segment, DepthHint) -> Void)?
  /// Answers a segment's question where the next frame of its direction begins; nil where nothing asks.
  package var answer: ((borrowing Segment, UInt32) -> Void)?
  /// The heads of the connection in work turned out not to be enough to read it.
  var needsWhole = false
  /// The latest capture time seen, nanoseconds since 1970.
  package private(set) var clock: UInt64 = 0

  package let seed: UInt64
  let secrets: FlowSecrets
  var checksums: ChecksumTrust
  var streams: StreamAssembler
  var messages: MessageReader
  var frames: FrameStage
  var pairing: RequestPairing
  /// Who asks for whom.
  let clients: ClientSearch

  /// - Parameter seed: keys the hash tables; random for live traffic, fixed for files.
  package init(limits: ExchangeLimits, depth: CaptureDepth, seed: UInt64) {
    self.limits = limits
    self.depth = depth
    self.seed = seed
    secrets = FlowSecrets(seed: seed)
    checksums = ChecksumTrust(secrets: secrets)
    // As a plain bit for the path of every segment: comparing the enum is a call.
    let isStreams = depth.isStreams
    streams = StreamAssembler(limits: limits, isStreams: isStreams, seed: seed)
    messages = MessageReader(limits: limits, isStreams: isStreams)
    frames = FrameStage(limits: limits, seed: seed)
    pairing = RequestPairing(limits: limits)
    clients = ClientSearch(limits.clientHeader)
  }

  /// Depth `auto`: does not wait for body that did not pass before a segment of a connection that by now passes whole.
  @inline(never)
  private mutating func passUnseen(before chunk: Chunk) {
    guard let position = streams.position(of: chunk.flow, chunk.direction) else { return beginStream(chunk) }
    if messages.carriesFrames(chunk.flow) { return passData(before: chunk) }
    let gap = SequenceNumber.distance(chunk.sequence, from: position)
    guard gap > 0 else { return }
    guard messages.isInBody(chunk.flow, chunk.direction, atLeast: UInt64(gap)) else { return }
    messages.skip(chunk.flow, chunk.direction, UInt64(gap))
    streams.jump(to: chunk, known: UInt32(gap))
  }

  /// Depth `auto`, HTTP/2: does not wait for the payload of DATA, of which the filter leaves out what it can, neither
  /// before a chunk nor before what it acknowledges.
  private mutating func passData(before chunk: Chunk) {
    passData(chunk.flow, chunk.direction, upTo: chunk.sequence)
    guard chunk.hasAcknowledgement else { return }
    passData(chunk.flow, chunk.direction.opposite, upTo: chunk.acknowledgement)
  }

  /// Counts the bytes up to a sequence number as read, if all of them are DATA.
  private mutating func passData(_ flow: FlowIndex, _ direction: Direction, upTo sequence: UInt32) {
    guard messages.isInFrames(flow, direction), let position = streams.position(of: flow, direction)
    else { return }
    let gap = SequenceNumber.distance(sequence, from: position)
    guard gap > 0, frames.isInData(flow, direction, atLeast: UInt32(gap)) else { return }
    frames.skip(flow, direction, UInt32(gap))
    streams.pass(flow, direction, UInt32(gap))
  }

  /// Answers a segment's question where the next frame of its direction begins, if that is known.
  @inline(never)
  private mutating func answerQuestion(
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
    messages.begin(chunk.flow, chunk.direction)
    streams.begin(chunk.flow, chunk.direction, at: start)
  }

  /// Reads one segment; afterwards `batch` holds what came of it.
  package mutating func process(_ segment: borrowing Segment, _ payload: RawSpan) {
    if segment.time > clock { advance(to: segment.time) }
    let ends = FlowKey.of(segment)
    let hash = ends.key.hash(secrets)
    let isOpening = segment.flags.isOpening, isEmpty = segment.payloadLength == 0
    switch segment.checksum {
    case .unknown: break
    case .right: checksums.noteRight(from: segment.source)
    case .wrong: if leavesOut(segment, payload, ends.key, hash, ends.direction) { return }
    }
    if checksums.isWatching, !isEmpty { checksums.see(hash, ends.direction, segment) }
    var flow: FlowIndex
    var direction = ends.direction
    if let found = streams.use(ends.key, hash: hash) {
      flow = found
    } else {
      // Without bodies, a SYN alone makes no flow: a flood of them would push out connections that have asked.
      guard !isEmpty || (isOpening && streams.isStreams) else { return counters.classify(ChunkOutcome()) }
      guard let made = makeFlow(ends.key, hash: hash) else { return }
      flow = made
    }
    if !streams.hasAsked(flow) { (flow, direction) = locate((flow, direction), segment, payload) }
    if isOpening { open(flow, direction, segment) }
    if streams.isAnnounced(flow), !isEmpty { confirm(flow, direction, segment.sequence) }
    if isEmpty {
      if segment.flags.isClosing, !depth.isStreams { passData(flow, direction, upTo: segment.sequence) }
      counters.classify(ChunkOutcome())
    } else {
      let chunk = Chunk(
        flow: flow, direction: direction, kind: segment.kind,
        hasAcknowledgement: segment.flags.isAcknowledging, sequence: segment.sequence,
        acknowledgement: segment.acknowledgement, length: segment.payloadLength, time: segment.time)
      if chunk.kind == .stream, !depth.isStreams { passUnseen(before: chunk) }
      arrive(chunk, payload)
    }
    if streams.hasHeld(flow) { progress(flow) }
    if segment.flags.isClosing { close(flow, direction, segment) }
    if streams.isClosing(flow) { settleEnd(flow, direction, segment) }
    // After its reading: a head that ends without its end came with the segment before this one at the latest.
    streams.see(flow, at: clock)
    if segment.question != 0, answer != nil { answerQuestion(flow, direction, segment) }
    let isStream = segment.kind == .stream
    if hint != nil, needsWhole || isStream && !isEmpty { adviseDepth(of: flow, segment) }
  }

  /// Leaves out a segment that `--filter` does not want: it moves the clock and is counted, and no connection begins or
  /// changes by it.
  package mutating func leaveOut(_ segment: borrowing Segment) {
    if segment.time > clock { advance(to: segment.time) }
    counters.filteredOut &+= 1
    counters.classify(ChunkOutcome())
  }

  /// Tells the capture what is wished for a connection: that it passes whole, as far as its heads are not enough, or
  /// no longer, once they have been for a while.
  @inline(never)
  private mutating func adviseDepth(of flow: FlowIndex, _ segment: borrowing Segment) {
    guard segment.kind == .stream, segment.payloadLength > 0 else {
      needsWhole = false
      // Not without end: what cannot be read for other reasons would pass whole for ever.
      if streams.takeMark(of: flow) { hint?(segment, .mark) }
      return
    }
    if needsWhole {
      needsWhole = false
      streams.disturb(flow)
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

  /// Bytes that a segment's sender, of which everything before the segment was read, sends next and at which nobody
  /// looks; 0 where a head may begin, or where that is not known.
  package mutating func bodyAhead(of segment: borrowing Segment) -> UInt64 {
    let ends = FlowKey.of(segment)
    guard let flow = streams.use(ends.key, hash: ends.key.hash(secrets)), streams.hasAsked(flow),
      streams.position(of: flow, ends.direction) == segment.sequence
    else { return 0 }
    if messages.carriesFrames(flow) { return frames.dataAhead(flow, ends.direction) }
    return messages.bodyAhead(flow, ends.direction)
  }

  /// Moves the capture clock: gives up what has waited for too long.
  package mutating func advance(to now: UInt64) {
    if now > clock { clock = now }
    while let request = pairing.expired(at: clock) { endExpired(request) }
    while let flow = streams.waiting(for: limits.gapPatience, at: clock) { giveUpWaiting(flow) }
  }

  /// Ends the capture: nothing more will come, so what waits is decided now. Requests without a response stay in
  /// flight, and events say which.
  package mutating func finish() {
    while let flow = streams.firstWaiting { giveUpWaiting(flow) }
    var next = streams.first
    while let flow = next {
      endHead(flow, .forward)
      endHead(flow, .backward)
      next = streams.after(flow)
    }
    while let request = pairing.oldest { end(request, as: .inFlight) }
  }

  /// Capture time at which the next request runs out, unless it is answered; nil when none waits.
  package var nextTimeout: UInt64? { pairing.nextTimeout }

  /// Capture time at which the request was read that has waited for longest; nil when none waits.
  package var oldestInFlight: UInt64? { pairing.oldestTime }

  /// Calls `body` with the ends of each request that waits, the oldest first; their ports are 0 where they are not known.
  package func eachInFlight(_ body: (ExchangeParties) -> Void) {
    var next = pairing.oldest
    while let request = next {
      let flow = pairing.flow(of: request)
      let direction = messages.requestDirection(of: flow)
      body(direction.map { parties(of: flow, asking: $0) } ?? ExchangeParties())
      next = pairing.newer(request)
    }
  }
}

// MARK: - Connections

extension ExchangeTracker {
  private mutating func makeFlow(_ key: FlowKey, hash: UInt64) -> FlowIndex? {
    if let flow = streams.nextToEvict {
      finish(flow, requests: .unknown)
      streams.remove(flow)
      counters.evictedFlows &+= 1
    }
    guard let flow = streams.insert(key, hash: hash) else { return nil }
    streams.see(flow, at: clock)
    messages.reset(flow)
    return flow
  }

  /// A SYN was seen: this direction's stream begins at its number.
  ///
  /// The SYN of another connection ends this one only with the answer to it, or with data at its number: anybody
  /// can send a SYN, and what follows it shows whether somebody meant it.
  private mutating func open(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    let start = segment.sequence, isAnswer = segment.flags.isAcknowledging
    switch streams.opening(flow, direction, at: start) {
    case .known: return
    case .first:
      // An answer to what the other side did not begin with is another connection's, or a guess.
      if isAnswer, !answersOpening(flow, direction, segment) {
        return streams.announce(flow, direction, at: start)
      }
    case .another:
      guard isAnswer, let asked = streams.announced(flow, direction.opposite),
        asked == segment.acknowledgement
      else { return streams.announce(flow, direction, at: start) }
      restart(flow)
      begin(flow, direction.opposite, at: asked, isAnswer: false)
    }
    begin(flow, direction, at: start, isAnswer: isAnswer)
  }

  /// Whether a SYN's answer acknowledges about where the other side, as far as that is known, has begun.
  private func answersOpening(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) -> Bool
  {
    guard let position = streams.position(of: flow, direction.opposite) else { return true }
    let read = SequenceNumber.distance(position, from: segment.acknowledgement)
    // No more was sent before the answer than a window takes that is not scaled (RFC 7323, section 2.2).
    return read >= 0 && read <= 65_535
  }

  /// Data came in a flow for which a SYN of another connection was seen: data at its number begins that one.
  private mutating func confirm(_ flow: FlowIndex, _ direction: Direction, _ sequence: UInt32) {
    guard let start = streams.announced(flow, direction), start == sequence,
      streams.position(of: flow, direction) != sequence
    else { return }
    let answer = streams.announced(flow, direction.opposite)
    restart(flow)
    begin(flow, direction, at: start, isAnswer: false)
    if let answer { begin(flow, direction.opposite, at: answer, isAnswer: true) }
  }

  /// Another connection takes the place of a flow's.
  private mutating func restart(_ flow: FlowIndex) {
    finish(flow, requests: .unknown)
    streams.reset(flow)
    messages.reset(flow)
  }

  private mutating func begin(_ flow: FlowIndex, _ direction: Direction, at start: UInt32, isAnswer: Bool) {
    streams.open(flow, direction, at: start)
    messages.open(flow, direction, isAnswer: isAnswer)
  }

  /// A FIN or RST was seen. A client's FIN is a half-close: it waits for its responses (RFC 9112, section 9.6).
  private mutating func close(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    let isReset = segment.flags.isReset
    if !isReset { streams.finish(flow, direction, at: segment.sequence &+ segment.payloadLength) }
    let isServer = messages.requestDirection(of: flow) != direction
    guard pairing.first(of: flow) != nil else { return }
    let closing = Closing(
      direction: direction, isReset: isReset, position: segment.sequence &+ segment.payloadLength,
      expected: isServer ? pairing.expectedPosition(of: flow) : nil)
    guard isReset || isServer else { return }
    // Numbers that the direction cannot have come to are a stranger's.
    guard streams.mayEnd(flow, by: closing, unread: messages.unread(flow, direction)) else { return }
    streams.close(flow, by: closing)
  }

  /// Ends the requests of a connection that is over, once all before its end has been read.
  private mutating func settleEnd(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    guard let closing = streams.closing(of: flow) else { return }
    var acknowledgement: UInt32?
    if direction != closing.direction, segment.flags.isAcknowledging {
      acknowledgement = segment.acknowledgement
    }
    var connection = streams.end(of: flow, acknowledgement: acknowledgement)
    if closing.isReset, streams.isWaiting(flow), connection == .reached || connection == .unseen {
      // Nothing is sent again after a reset: what is held is all there is.
      giveUpWaiting(flow)
      if connection == .unseen {
        streams.close(flow, by: closing)
        connection = streams.end(of: flow, acknowledgement: nil)
      }
    }
    let end: RequestEnd
    switch connection {
    case .open, .missing: return
    case .reached:
      end = isClosedByClient(flow, closing) ? .clientClosed : .aborted
    case .unseen: end = .unknown
    }
    endHead(flow, closing.direction)
    while let request = pairing.first(of: flow) { self.end(request, as: end) }
  }

  /// Whether the side that asks has closed a connection that is over, by a reset or before it was.
  private func isClosedByClient(_ flow: FlowIndex, _ closing: Closing) -> Bool {
    guard let client = messages.requestDirection(of: flow) else { return false }
    return closing.isReset && closing.direction == client
      || streams.isHalfClosed(flow, client, unread: messages.unread(flow, client))
  }

  /// Decides everything that waits on one flow, whose requests end so.
  private mutating func finish(_ flow: FlowIndex, requests end: RequestEnd) {
    if streams.isWaiting(flow) { giveUpWaiting(flow) }
    let dropped = streams.dropHeld(flow)
    counters.delivered &+= dropped
    counters.otherSegments &+= dropped
    endHead(flow, .forward)
    endHead(flow, .backward)
    while let request = pairing.first(of: flow) { self.end(request, as: end) }
    frames.end(flow)
  }

  /// The flow and direction that a segment belongs to; called for flows that have asked nothing.
  ///
  /// A flow joins another one by the exact numbers of its first request, seen a moment ago elsewhere, or
  /// of a response that the other one waits for and has not seen. It leaves with its next SYN.
  private mutating func locate(
    _ place: FlowLocation, _ segment: borrowing Segment, _ payload: RawSpan
  ) -> FlowLocation {
    let isOpening = segment.flags.isOpening
    if let main = streams.resolve(place) {
      if streams.fits(segment, main, isAsking: pairing.first(of: main.flow) != nil) {
        streams.use(main.flow)
        return main
      }
      if isOpening { streams.dropAlias(place.flow) }
    }
    guard !isOpening, !payload.isEmpty, segment.flags.isAcknowledging else { return place }
    if payload.byteCount >= 5, HeadStart.verdict(payload) == .response, payload.byte(0) == UInt8(ascii: "H") {
      streams.noteResponse(until: clock &+ limits.translationPatience)
      let request = expectedRequest(sequence: segment.sequence, acknowledgement: segment.acknowledgement)
      if let request {
        join(place, toAskerOf: request)
      } else if streams.firstHeld(place.flow, place.direction.opposite) == nil,
        let answered = answeredAsker(of: segment), answered.flow != place.flow
      {
        // Only responses have these addresses: else it is a connection of its own, whatever its numbers.
        join(place, to: answered)
      }
    } else if let earlier = streams.earlierSighting(segment, payload, in: place) {
      join(place, to: earlier)
    }
    guard let main = streams.main(of: place) else { return place }
    streams.use(main.flow)
    return main
  }

  /// From now on a flow's segments are those of the flow that waits for a response here; returns that flow, nil when
  /// it is the same one.
  @discardableResult
  private mutating func join(
    _ place: FlowLocation, toAskerOf request: RequestIndex
  ) -> FlowIndex? {
    let asker = pairing.flow(of: request)
    guard asker != place.flow else { return nil }
    join(place, to: (asker, responseDirection(of: asker)))
    return asker
  }

  /// Where a response was seen before under other addresses: a bridge that translates shows it with those of both its
  /// sides and with some in between, of which one end stays. Nil when it was not.
  private func answeredAsker(of segment: borrowing Segment) -> FlowLocation? {
    guard
      let flow = pairing.expectingFlow(
        sequence: segment.sequence, acknowledgement: segment.acknowledgement), streams.hasAsked(flow)
    else { return nil }
    let asker = (flow: flow, direction: responseDirection(of: flow))
    let known = ends(flow, from: asker.direction)
    let (server, client) = (segment.source, segment.destination)
    guard known.to == client || known.from == server && known.to.port == client.port else { return nil }
    return streams.hasReceived(segment.sequence, length: segment.payloadLength, at: asker) ? asker : nil
  }

  private mutating func join(_ place: FlowLocation, to other: FlowLocation) {
    if streams.join(place, to: other, at: clock) {
      messages.move(place.flow, place.direction, to: other.flow, other.direction)
    }
  }

  /// The direction in which a flow is answered; while that is not known, backward.
  private func responseDirection(of flow: FlowIndex) -> Direction {
    messages.requestDirection(of: flow)?.opposite ?? .backward
  }

  /// The waiting request of any flow that a response with these numbers answers; nil when there is none.
  mutating func expectedRequest(sequence: UInt32, acknowledgement: UInt32) -> RequestIndex? {
    guard let request = pairing.expectedRequest(sequence: sequence, acknowledgement: acknowledgement)
    else { return nil }
    // What was seen of its own responses must not contradict.
    let asker = pairing.flow(of: request)
    let position = streams.position(of: asker, responseDirection(of: asker))
    return position == nil || position == sequence ? request : nil
  }
}

// MARK: - Order

extension ExchangeTracker {
  /// Reads a segment's payload now, or holds it, or counts it as seen.
  @inline(__always)
  private mutating func arrive(_ chunk: Chunk, _ payload: RawSpan) {
    let bytes = payload.byteCount > Int(chunk.length) ? payload.slice(0, Int(chunk.length)) : payload
    // What it claims of its stream is not believed: its numbers move nothing.
    if messages.isLatePreface(chunk, bytes) {
      return counters.classify(ChunkOutcome(isUnparseable: true))
    }
    if !streams.isStreams, chunk.hasAcknowledgement, streams.hasHeld(chunk.flow) { trustHeld(by: chunk) }
    if !streams.isStreams, isDoubtfulFirst(chunk) { return readDoubtful(chunk, bytes) }
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
      take(chunk.dropping(seen), bytes.slice(min(Int(seen), bytes.byteCount), bytes.byteCount))
    case .duplicate:
      if contradicts(chunk, bytes) { counters.doubtful &+= 1 }
      counters.classifyDuplicate()
    case .late: readLate(chunk, bytes)
    case .next, .gap, .held, .noRoom, .passedOver: take(chunk, bytes)
    }
  }

  /// Reads a chunk that begins at the next byte.
  private mutating func take(_ chunk: Chunk, _ bytes: RawSpan) {
    remember(chunk, bytes)
    counters.classify(read(chunk, bytes))
    streams.advance(past: chunk)
  }

  /// Depth `heads`: reads a segment after bytes that the kernel did not pass, body as a rule.
  private mutating func readAfterGap(of gap: UInt32, _ chunk: Chunk, _ bytes: RawSpan) {
    if isUnexplained(gap, before: chunk) { return holdUnexplained(chunk, bytes) }
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
      return goesBack(to: chunk, payload) ? take(chunk, payload) : readDoubtful(chunk, payload)
    }
    if !streams.isStreams, !hasPlausibleAcknowledgement(chunk) { return readDoubtful(chunk, payload) }
    var outcome = readLateHeads(chunk, payload)
    if outcome.heads == 0, chunk.kind == .start { outcome.isUnparseable = true }
    counters.classify(outcome)
    streams.receive(chunk)
  }
}

// MARK: - Waiting

extension ExchangeTracker {
  /// Reads everything that no longer has to wait, in both directions.
  private mutating func progress(_ flow: FlowIndex) {
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
      guard
        let placement = streams.placeHeld(flow, direction, for: messages.demand(of: flow, direction)),
        placement != .held
      else { break }
      hasMoved = true
      readHeld(streams.held(first), placement)
      streams.removeFirstHeld(flow, direction)
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
      guard let resumption = streams.resume(flow, direction) else { continue }
      if resumption.isFirst { messages.begin(flow, direction) }
      if resumption.missing > 0 { skip(flow, direction, resumption.missing, from: resumption.position) }
      messages.giveUpResponse(flow, direction)
      progress(flow)
    }
    // Something may still wait, for the next gap: it gets its own time.
    if streams.isWaiting(flow) { streams.settle(flow, isOver: true, at: clock) }
  }

  /// Joins a flow whose first response has waited in vain for its request, when that came under other
  /// addresses meanwhile; returns the other flow.
  private mutating func joinByHeldResponse(_ flow: FlowIndex) -> FlowIndex? {
    for direction in [Direction.forward, .backward] {
      var next = streams.firstHeld(flow, direction)
      // Any of the first few will do: an entry of the table may have given way to another one.
      var tries = 8
      while let held = next, tries > 0 {
        let chunk = streams.held(held).chunk
        next = streams.held(after: held)
        tries &-= 1
        guard chunk.hasAcknowledgement,
          let request = expectedRequest(sequence: chunk.sequence, acknowledgement: chunk.acknowledgement),
          let asker = join((flow, direction), toAskerOf: request)
        else { continue }
        return asker
      }
    }
    return nil
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
