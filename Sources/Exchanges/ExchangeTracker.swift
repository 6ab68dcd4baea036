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
  package var spill: ((inout EventBatch) -> Void)?
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
  /// The hash of the connection whose segment was expected last.
  private var expectedHash: UInt64 = 0
  var checksums: ChecksumTrust
  var refused = RefusedHeads()
  var streams: StreamAssembler
  var messages: MessageReader
  var frames: FrameStage
  var pairing: RequestPairing
  /// The search for clients behind proxies.
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
    clients = ClientSearch(limits.clientHeader, flows: limits.flows)
  }

  /// Reads one segment; afterwards `batch` holds what came of it.
  package mutating func process(_ segment: borrowing Segment, _ payload: RawSpan) {
    if segment.time > clock { advance(to: segment.time) }
    let ends = FlowKey.of(segment)
    let hash = ends.key.hash(secrets)
    let isOpening = segment.flags.isOpening, isEmpty = segment.payloadLength == 0
    if checksums.isDropped(segment) {
      return leaveOutDropped(segment, payload, ends.key, hash, ends.direction)
    }
    if refused.has(hash) { settleRefused(segment, ends.key, hash, ends.direction) }
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
      if streams.isClosed(flow) { reopen(flow, direction, segment) }
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

  /// Asks for what is known of the connection of a segment that is processed soon: live, most of a segment's time was
  /// waiting for memory that other connections have pushed out of the caches.
  ///
  /// A bucket of the table is asked for with its segment, and the flow that it names with the segment after that.
  package mutating func expect(_ segment: UpcomingSegment) {
    if let flow = streams.expectFlow(expectedHash) ?? streams.expectEviction() {
      messages.prefetch(flow)
      pairing.prefetch(flow)
    }
    expectedHash = FlowKey.of(segment.source, segment.destination, network: segment.network).key.hash(secrets)
    streams.expect(expectedHash)
  }

  /// Leaves out a segment that `--filter` does not want: it moves the clock and is counted, and no connection begins or
  /// changes by it.
  package mutating func leaveOut(_ segment: borrowing Segment) {
    if segment.time > clock { advance(to: segment.time) }
    counters.filteredOut &+= 1
    counters.classify(ChunkOutcome())
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
    for _ in 0..<refused.removeAll() { countDoubtful() }
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

  /// The same of those requests that count, by a look at each that waits.
  package func oldestInFlight(where counts: (RequestIndex) -> Bool) -> UInt64? {
    var next = pairing.oldest
    while let request = next {
      if counts(request) { return pairing.readTime(of: request) }
      next = pairing.newer(request)
    }
    return nil
  }

  /// Calls `body` with each request that waits, the oldest first, and its ends; their ports are 0 where they are not known.
  package func eachInFlight(_ body: (RequestIndex, ExchangeParties) -> Void) {
    var next = pairing.oldest
    while let request = next {
      let flow = pairing.flow(of: request)
      let direction = messages.requestDirection(of: flow)
      body(request, direction.map { parties(of: flow, asking: $0) } ?? ExchangeParties())
      next = pairing.newer(request)
    }
  }
}
