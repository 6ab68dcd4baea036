// SPDX-License-Identifier: Apache-2.0

package import Capture
import HTTP1

/// Turns the segments of many flows into exchanges: every byte once, every head once, every response
/// tied to its request.
///
/// One tracker belongs to one thread. All its memory is reserved when it is made; nothing is
/// allocated while it works. Methods on the road of every head are `mutating` even where they change
/// nothing: a call that only borrows the tracker copies all of it first.
package struct ExchangeTracker: ~Copyable {
  package let limits: ExchangeLimits
  package let depth: CaptureDepth
  /// The delivery half of the ledger, since the tracker was made.
  package internal(set) var counters = ExchangeCounters()
  /// What the last call brought about; the caller reads it and clears it.
  package var batch = EventBatch()
  /// Called with a full batch in the middle of a call; the batch is cleared afterwards.
  package var spill: ((borrowing EventBatch) -> Void)?
  /// The latest capture time seen, nanoseconds since 1970.
  package internal(set) var clock: UInt64 = 0

  let seed: UInt64
  /// `depth` as a plain bit for the road of every segment: comparing the enum is a call.
  let isStreams: Bool
  var flows: FlowTable
  var pending: PendingRequests
  var held: HeldSegments
  /// What late heads are read into: they decide nothing about their direction.
  var lateHalf = Slab<HalfStream>(capacity: 1)
  var translations = TranslationIndex()
  /// Responses came whose requests go by other addresses: until then (capture time) all are expected.
  var unaskedUntil: UInt64 = 0
  let smallHeads: BlockPool
  let largeHeads: BlockPool
  /// Flows that wait for missing bytes, the longest waiting one first.
  var firstWaiting: Int32 = -1
  var lastWaiting: Int32 = -1

  /// - Parameter seed: keys the hash tables; random for live traffic, fixed for files.
  package init(limits: ExchangeLimits, depth: CaptureDepth, seed: UInt64) {
    self.limits = limits
    self.depth = depth
    isStreams = depth.isStreams
    self.seed = seed
    flows = FlowTable(capacity: limits.flows)
    pending = PendingRequests(capacity: limits.pendingRequests)
    held = HeldSegments(capacity: limits.heldSegments)
    lateHalf.fill(with: HalfStream())
    smallHeads = BlockPool(blocks: limits.smallHeads, of: 2_048)
    largeHeads = BlockPool(blocks: limits.largeHeads, of: HeadParser.maximumLength)
  }

  /// Reads one segment; afterwards `batch` holds what came of it.
  package mutating func process(_ segment: borrowing Segment, _ payload: RawSpan) {
    if segment.time > clock { advance(to: segment.time) }
    let ends = FlowKey.of(segment)
    let key = ends.key
    var isForward = ends.forward
    let isOpening = segment.flags.isOpening, isEmpty = segment.payloadLength == 0
    let hash = key.hash(seed: seed)
    var flow = flows.find(key, hash: hash)
    if flow < 0 {
      guard !isEmpty || isOpening else {
        counters.delivered &+= 1
        counters.otherSegments &+= 1
        return
      }
      if flows.isFull { evictOldestFlow() }
      flow = flows.insert(key, hash: hash)
      if flow < 0 { return }
    }
    if flows[flow].standing != .asked {
      let home = home(flow, isForward, segment, payload)
      flow = home.flow
      isForward = home.isForward
    }
    flows[flow].lastSeen = clock
    if isOpening {
      opens(flow, isForward, at: segment.sequence, isAnswer: segment.flags.isAcknowledging)
    }
    guard !isEmpty else {
      counters.delivered &+= 1
      counters.otherSegments &+= 1
      progress(flow)
      return
    }
    let piece = StreamPiece(
      flow: flow, isForward: isForward, kind: segment.kind,
      hasAcknowledgement: segment.flags.isAcknowledging, sequence: segment.sequence,
      acknowledgement: segment.acknowledgement, length: segment.payloadLength, time: segment.time)
    arrive(piece, payload)
    if flows[flow].forward.held >= 0 || flows[flow].backward.held >= 0 { progress(flow) }
  }

  /// Moves the capture clock: gives up what has waited for too long.
  package mutating func advance(to now: UInt64) {
    if now > clock { clock = now }
    while pending.oldest >= 0 {
      let request = pending[pending.oldest]
      guard request.clock &+ limits.answerTimeout <= clock else { break }
      endUnanswered(pending.oldest)
    }
    while firstWaiting >= 0 {
      guard flows[firstWaiting].waitingSince &+ limits.gapPatience <= clock else { break }
      giveUpWaiting(firstWaiting)
    }
  }

  /// Ends the capture: nothing more will come, so what waits is decided now.
  ///
  /// - Parameter isOver: the traffic is over too (a file), so requests without a response are
  ///   unanswered; live, they are merely still waiting.
  package mutating func finish(isOver: Bool) {
    while firstWaiting >= 0 { giveUpWaiting(firstWaiting) }
    var flow = flows.oldest
    while flow >= 0 {
      endHead(flow, true)
      endHead(flow, false)
      flow = flows[flow].newer
    }
    while isOver, pending.oldest >= 0 { endUnanswered(pending.oldest) }
  }

  /// Counts a segment in its one class.
  mutating func classify(_ outcome: PieceOutcome) {
    counters.delivered &+= 1
    if outcome.heads > 0 {
      counters.headSegments &+= 1
      counters.pipelinedHeads &+= UInt64(outcome.heads &- 1)
    } else if outcome.hasPartialHead {
      // Before what else it may be: `endHead` takes the segments of a head from this class.
      counters.continuations &+= 1
    } else if outcome.isLookalike {
      counters.falseHeads &+= 1
    } else if outcome.isUnparseable {
      counters.unparseable &+= 1
    } else {
      counters.otherSegments &+= 1
    }
  }

  /// Counts a segment all of whose bytes had been read.
  mutating func classifyDuplicate() {
    counters.delivered &+= 1
    counters.duplicates &+= 1
  }

  /// Makes room for one more head's event and names.
  @inline(__always)
  mutating func makeRoomInBatch() {
    if batch.isNearlyFull { spillBatch() }
  }

  @inline(never)
  private mutating func spillBatch() {
    spill?(batch)
    batch.clear()
  }
}
