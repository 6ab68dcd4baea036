// SPDX-License-Identifier: Apache-2.0

import Capture

/// The TCP stage: segments of many flows become chunks of streams, each byte of a direction at most once.
///
/// It knows the order of each direction, holds back what comes too early, follows the lifetime of connections
/// and their other addresses, and reads no byte. What it must know of the reading comes as a `Demand`.
struct StreamAssembler: ~Copyable {
  private var flows: FlowTable
  private var order: StreamOrder
  private var aliases: FlowAliases
  let isStreams: Bool

  init(limits: ExchangeLimits, isStreams: Bool, seed: UInt64) {
    self.isStreams = isStreams
    flows = FlowTable(capacity: limits.flows, closed: limits.closedFlows)
    order = StreamOrder(limits: limits, isStreams: isStreams)
    aliases = FlowAliases(seed: seed)
  }
}

// MARK: - Flows

extension StreamAssembler {
  /// The flow with this key, now the newest in the order of use; nil when there is none.
  @inline(__always)
  mutating func use(_ key: FlowKey, hash: UInt64) -> FlowIndex? { flows.use(key, hash: hash) }

  /// Asks for the place where a flow with this hash is looked for.
  @inline(__always)
  func expect(_ hash: UInt64) { flows.expect(hash) }

  /// Asks for the flow that is looked at first for this hash; nil when there is none.
  @inline(__always)
  func expectFlow(_ hash: UInt64) -> FlowIndex? { flows.expectFlow(hash) }

  /// Asks for what it takes to evict the next flow; that flow the first time, nil otherwise and while there is room.
  @inline(__always)
  mutating func expectEviction() -> FlowIndex? { flows.expectEviction() }

  /// Makes a flow; nil when the table is full.
  mutating func insert(_ key: FlowKey, hash: UInt64) -> FlowIndex? { flows.insert(key, hash: hash) }

  /// The flow that must be removed before another one is inserted; nil while there is room.
  var nextToEvict: FlowIndex? { flows.nextToEvict }

  /// The first of all flows; nil when there is none.
  var first: FlowIndex? { flows.first }

  /// The flow after another one, each once from `first` on; nil for the last.
  func after(_ flow: FlowIndex) -> FlowIndex? { flows.after(flow) }

  /// Notes that a request of a flow was answered: it is spared when room is needed.
  @inline(__always)
  mutating func noteAnswer(_ flow: FlowIndex) { flows.noteAnswer(flow) }

  /// Whether a request of a flow has been answered.
  @inline(__always)
  func isAnswered(_ flow: FlowIndex) -> Bool { flows[flow].isAnswered }

  /// Whether a flow's connection was closed.
  @inline(__always)
  func isClosed(_ flow: FlowIndex) -> Bool { flows[flow].isClosed }

  /// Notes that a flow's connection was closed, and what is known of it serves for its repeats alone; or that it was not.
  mutating func setClosed(_ flow: FlowIndex, _ isClosed: Bool) { flows.setClosed(flow, isClosed) }

  /// Forgets a flow of which nothing is held.
  mutating func remove(_ flow: FlowIndex) {
    flows.stopWaiting(flow)
    flows.remove(flow)
  }

  /// Forgets what is known of a connection of which nothing is held.
  mutating func reset(_ flow: FlowIndex) {
    flows[flow].forward = StreamHalf()
    flows[flow].backward = StreamHalf()
    flows.forgetAnswer(flow)
    flows[flow].standing = .fresh
    flows[flow].isAnnounced = false
    flows[flow].isClosing = false
    flows[flow].marks = 0
  }

  func key(of flow: FlowIndex) -> FlowKey { flows[flow].key }

  /// Notes that a segment of a flow came.
  @inline(__always)
  mutating func see(_ flow: FlowIndex, at clock: UInt64) { flows[flow].lastSeen = clock }

  /// Whether it may be asked once more that a flow passes whole; counts as asked.
  mutating func takeMark(of flow: FlowIndex) -> Bool {
    guard flows[flow].marks < ExchangeLimits.marks else { return false }
    flows[flow].marks &+= 1
    return true
  }

  /// Notes a request that did not overtake the answer to another one.
  @inline(__always)
  mutating func calm(_ flow: FlowIndex) {
    if flows[flow].calmRequests < 255 { flows[flow].calmRequests &+= 1 }
  }

  /// Notes that a flow's heads would not have been enough.
  mutating func disturb(_ flow: FlowIndex) { flows[flow].calmRequests = 0 }

  /// Whether a flow's heads would have been enough for a while.
  func isCalm(_ flow: FlowIndex) -> Bool { flows[flow].calmRequests >= ExchangeLimits.calmRequests }

  /// Capture time of a flow's last segment.
  func lastSeen(_ flow: FlowIndex) -> UInt64 { flows[flow].lastSeen }

  /// The sequence number up to which a direction has been read; nil when nothing is known of it.
  @inline(__always)
  func position(of flow: FlowIndex, _ direction: Direction) -> UInt32? {
    let half = flows[flow][direction]
    return half.isKnown ? half.next : nil
  }
}

// MARK: - Order

extension StreamAssembler {
  /// What a SYN is to its flow with `start` as its stream's first number: one seen before, or come late; the first
  /// one; or another connection's, before which the flow must be reset.
  func opening(_ flow: FlowIndex, _ direction: Direction, at start: UInt32) -> Opening {
    flows[flow][direction].opening(at: start)
  }

  /// Notes that a direction may begin again at `start`, by a SYN, which anybody can send.
  mutating func announce(_ flow: FlowIndex, _ direction: Direction, at start: UInt32) {
    flows[flow].isAnnounced = true
    flows[flow][direction].announced = start
    flows[flow][direction].isAnnounced = true
  }

  /// Whether a SYN of another connection was seen that nothing has confirmed yet.
  @inline(__always)
  func isAnnounced(_ flow: FlowIndex) -> Bool { flows[flow].isAnnounced }

  /// Where a direction begins again by a SYN that nothing has confirmed yet; nil when there was none.
  func announced(_ flow: FlowIndex, _ direction: Direction) -> UInt32? {
    let half = flows[flow][direction]
    return half.isAnnounced ? half.announced : nil
  }

  /// The number after the last byte of a direction whose FIN was seen, and whether that follows on what was read; nil
  /// when none was seen.
  func finish(of flow: FlowIndex, _ direction: Direction) -> (position: UInt32, isReached: Bool)? {
    let half = flows[flow][direction]
    return half.sawFin ? (half.finPosition, half.isFinished) : nil
  }

  /// Notes the number after the last byte of a direction, by its FIN: what acknowledges that acknowledges no further byte.
  mutating func setFinish(_ flow: FlowIndex, _ direction: Direction, at position: UInt32) {
    flows[flow][direction].sawFin = true
    flows[flow][direction].finPosition = position
  }

  /// Whether a FIN or RST was seen before which bytes are missing.
  @inline(__always)
  func isClosing(_ flow: FlowIndex) -> Bool { flows[flow].isClosing }

  /// The FIN or RST before which bytes are missing; nil when there is none.
  func closing(of flow: FlowIndex) -> Closing? { flows[flow].isClosing ? flows[flow].closing : nil }

  mutating func setClosing(_ flow: FlowIndex, _ closing: Closing?) {
    flows[flow].isClosing = closing != nil
    if let closing { flows[flow].closing = closing }
  }

  /// Begins a direction's stream at `start`.
  mutating func open(_ flow: FlowIndex, _ direction: Direction, at start: UInt32) {
    flows[flow][direction].open(at: start)
  }

  /// Whether a chunk follows on the one before it whose numbers may have been a guess.
  func followsDoubted(_ chunk: Chunk) -> Bool {
    let doubted = flows[chunk.flow][chunk.direction].doubted
    return doubted != 0 && doubted == chunk.sequence
  }

  /// Notes that what begins at a number follows on a segment whose numbers may have been a guess.
  mutating func believe(_ flow: FlowIndex, _ direction: Direction, at sequence: UInt32) {
    flows[flow][direction].doubted = sequence
  }

  /// Finds where a segment stands in its stream, and holds it back when it must wait.
  @inline(__always)
  mutating func place(_ chunk: Chunk, _ bytes: RawSpan, for demand: Demand, at clock: UInt64) -> Placement {
    order.place(chunk, bytes, for: demand, in: &flows, at: clock)
  }

  /// Begins a direction of which nothing was read where the other one has acknowledged it up to.
  mutating func begin(_ flow: FlowIndex, _ direction: Direction, at sequence: UInt32) {
    flows[flow][direction].begin(at: sequence)
  }

  /// Finds where a segment stands for which there is no room to wait; after a gap, it is at the next byte.
  mutating func placeAtOnce(_ chunk: Chunk) -> Placement { flows[chunk.flow].placeAtOnce(chunk) }

  /// Marks a chunk's bytes as read.
  @inline(__always)
  mutating func advance(past chunk: Chunk) { flows[chunk.flow].advance(past: chunk) }

  /// Notes a hash of how the chunk begins that is read at a number.
  @inline(__always)
  func setBeginning(_ flow: FlowIndex, _ direction: Direction, at sequence: UInt32, _ beginning: UInt32) {
    flows[flow][direction].beginningAt = sequence
    flows[flow][direction].beginning = beginning
  }

  /// That hash, if the chunk that was read last has this number; nil otherwise.
  func beginning(of flow: FlowIndex, _ direction: Direction, at sequence: UInt32) -> UInt32? {
    let half = flows[flow][direction]
    return half.beginningAt == sequence && half.beginning != 0 ? half.beginning : nil
  }

  /// Marks bytes as read that were read out of order.
  mutating func receive(_ chunk: Chunk) {
    flows[chunk.flow][chunk.direction].received.add(chunk.sequence, chunk.end)
  }

  /// Continues at a chunk after bytes that were not delivered; the first `known` of them count as read.
  mutating func jump(to chunk: Chunk, known: UInt32) { flows[chunk.flow].jump(to: chunk, known: known) }

  /// Counts a direction's next bytes, which were not delivered, as read.
  mutating func pass(_ flow: FlowIndex, _ direction: Direction, _ count: UInt32) {
    flows[flow][direction].pass(count)
  }

  /// Holds a chunk back, in the order of the stream; false when there is no room.
  mutating func hold(_ chunk: Chunk, _ bytes: RawSpan, at clock: UInt64) -> Bool {
    order.hold(chunk, bytes, in: &flows, at: clock)
  }
}

// MARK: - Waiting

extension StreamAssembler {
  /// The flow that has waited for longest, if for `patience` nanoseconds at least; else nil.
  @inline(__always)
  func waiting(for patience: UInt64, at clock: UInt64) -> FlowIndex? {
    guard let first = flows.firstWaiting, flows[first].waitingSince &+ patience <= clock else { return nil }
    return first
  }

  /// The flow that has waited for longest; nil when none waits.
  var firstWaiting: FlowIndex? { flows.firstWaiting }

  /// The flow that must give up its wait before another flow's segment with `count` captured bytes can be held; nil when
  /// that has room, or when it is the flow itself that has waited for longest.
  func nextToGiveUp(for flow: FlowIndex, count: Int) -> FlowIndex? {
    guard !order.hasRoom(for: count), let longest = flows.firstWaiting, longest != flow else { return nil }
    return longest
  }

  func isWaiting(_ flow: FlowIndex) -> Bool { flows[flow].isWaiting }

  @inline(__always)
  func hasHeld(_ flow: FlowIndex) -> Bool { flows[flow].hasHeld }

  /// Finds where the first held chunk of a direction stands now; nil when none is held.
  mutating func placeHeld(_ flow: FlowIndex, _ direction: Direction, for demand: Demand) -> Placement? {
    order.placeHeld(flow, direction, for: demand, in: flows)
  }

  /// The first held chunk of a direction.
  func firstHeld(_ flow: FlowIndex, _ direction: Direction) -> HeldIndex? {
    flows[flow][direction].held.first
  }

  /// Whether a direction is read without the other one's bytes, which are missing.
  func isAlone(_ flow: FlowIndex, _ direction: Direction) -> Bool { flows[flow][direction].isAlone }

  /// Whether a chunk acknowledges what the other side holds, and with it the bytes before that: they were received, and are
  /// not sent again.
  func showsLoss(_ chunk: Chunk) -> Bool {
    let other = chunk.direction.opposite
    guard chunk.hasAcknowledgement, let first = firstHeld(chunk.flow, other),
      let position = position(of: chunk.flow, other)
    else { return false }
    let held = self.held(first).chunk.sequence
    return SequenceNumber.distance(held, from: position) > 0
      && SequenceNumber.distance(chunk.acknowledgement, from: held) > 0
  }

  /// The number of held chunks of a direction.
  func heldCount(_ flow: FlowIndex, _ direction: Direction) -> Int32 { flows[flow][direction].heldCount }

  func held(after index: HeldIndex) -> HeldIndex? { order.after(index) }

  func held(_ index: HeldIndex) -> HeldChunk { order[index] }

  /// The bytes of held chunks.
  var heldBytes: BlockPool { order.bytes }

  /// Forgets the first held chunk of a direction, which has been read.
  mutating func removeFirstHeld(_ flow: FlowIndex, _ direction: Direction) {
    order.removeFirst(of: flows[flow][direction])
  }

  /// Forgets all held chunks of a flow, which waits no longer; returns how many segments they were.
  mutating func dropHeld(_ flow: FlowIndex) -> UInt64 { order.drop(flow, in: &flows) }

  /// Gives up what a direction's held chunks wait for; nil when none is held.
  mutating func resume(_ flow: FlowIndex, _ direction: Direction) -> Resumption? {
    order.resume(flow, direction, in: flows)
  }

  /// Keeps a flow among those that wait as long as something is held; one whose wait is `over` waits again.
  mutating func settle(_ flow: FlowIndex, isOver: Bool, at clock: UInt64) {
    order.settle(flow, isOver: isOver, in: &flows, at: clock)
  }
}

// MARK: - Other addresses

extension StreamAssembler {
  /// Whether a request was seen under a flow's addresses: then its segments are its own.
  @inline(__always)
  func hasAsked(_ flow: FlowIndex) -> Bool { flows[flow].hasAsked }

  /// Whether nobody has asked under a flow's addresses, nor is it known under others.
  func isFresh(_ flow: FlowIndex) -> Bool { flows[flow].isFresh }

  /// Notes a request of a flow; true when its response may come under other addresses.
  mutating func noteRequest(_ flow: FlowIndex, at clock: UInt64) -> Bool {
    aliases.noteRequest(flow, in: flows, at: clock)
  }

  /// Notes a response under addresses that have asked nothing: requests are looked for until `time`.
  mutating func noteResponse(until time: UInt64) { aliases.noteResponse(until: time) }

  /// Where the segments of a flow belong that is known under other addresses; nil when it is not.
  mutating func resolve(_ place: FlowLocation) -> FlowLocation? { aliases.resolve(place, in: flows) }

  /// Where a flow's segments belong, by what is noted of it; nil when it is known under no other addresses.
  func main(of place: FlowLocation) -> FlowLocation? { aliases.main(of: place, in: flows) }

  /// Where a flow's latest alias is: its connection under other addresses; nil when it has none.
  @inline(__always)
  func alias(of place: FlowLocation) -> FlowLocation? { aliases.alias(of: place, in: flows) }

  /// Whether a segment of an alias fits where its connection stands; `isAsking` tells that requests wait there.
  mutating func fits(_ segment: borrowing Segment, _ place: FlowLocation, isAsking: Bool) -> Bool {
    let half = flows[place.flow][place.direction]
    let held = half.held.first.map { order[$0].chunk.sequence }
    return aliases.fits(segment, half, firstHeld: held, isAsking: isAsking)
  }

  /// Whether all of a segment's bytes were read there before.
  func hasReceived(_ sequence: UInt32, length: UInt32, at place: FlowLocation) -> Bool {
    flows[place.flow][place.direction].received.contains(sequence, sequence &+ length)
  }

  /// Takes a flow's other addresses from it: its segments are its own again.
  mutating func dropAlias(_ flow: FlowIndex) { flows[flow].standing = .fresh }

  /// Makes a flow the newest in the order of use.
  mutating func use(_ flow: FlowIndex) { flows.use(flow) }

  /// Where the same segment was seen a moment ago under other addresses; nil when it was not, and then it is
  /// remembered for the next sighting.
  mutating func earlierSighting(
    _ segment: borrowing Segment, _ payload: RawSpan, in place: FlowLocation
  ) -> FlowLocation? {
    aliases.earlierSighting(segment, payload, in: place, of: flows)
  }

  /// Makes a flow's segments another one's from now on, and moves what it holds; true when the other one
  /// also takes what is known of the direction, such as its SYN, since it lacks that.
  mutating func join(_ place: FlowLocation, to other: FlowLocation, at clock: UInt64) -> Bool {
    aliases.join(place, to: other, in: &flows, holding: &order, at: clock)
  }
}
