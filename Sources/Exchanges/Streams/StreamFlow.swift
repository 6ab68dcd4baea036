// SPDX-License-Identifier: Apache-2.0

/// One TCP connection as `Streams` knows it: both directions' order, its neighbours, its other addresses.
struct StreamFlow: BitwiseCopyable {
  /// Whose requests travel under these addresses.
  enum Standing: BitwiseCopyable {
    /// No request has been seen.
    case fresh
    /// A request has.
    case asked
    /// The connection is known under other addresses: `partner` is the flow that its segments belong to.
    case alias
  }

  var key: FlowKey
  /// The key's hash; 0 once the flow is forgotten.
  var hash: UInt64
  /// The table's number when the flow was last put at the end of its list.
  var movedAt: UInt32 = 0
  var forward = StreamHalf()
  var backward = StreamHalf()
  var standing = Standing.fresh
  /// An alias's directions are the other way round than its partner's.
  var isReversed = false
  /// Of an alias the flow that its segments belong to, of any other flow its latest alias; and that flow's hash, which tells
  /// whether it is still there.
  var partner = PackedIndex<FlowIndex>()
  var partnerHash: UInt64 = 0
  /// Capture time of the last segment, nanoseconds since 1970.
  var lastSeen: UInt64 = 0
  /// Since when this flow waits for missing bytes, capture time; meaningful while `isWaiting`.
  var waitingSince: UInt64 = 0
  var isWaiting = false
  /// A request was answered.
  var isAnswered = false
  /// Both ends have closed the connection, and no request waits.
  var isClosed = false
  /// A SYN of another connection was seen: one of the directions `isAnnounced`.
  var isAnnounced = false
  /// A FIN or RST was seen before which bytes are missing: `closing`.
  var isClosing = false
  var closing = Closing()
  /// The number of times that passing the connection whole was asked for.
  var marks: UInt8 = 0
  /// The number of requests since the last one that was sent before the answer to another one, up to 255.
  var calmRequests: UInt8 = 0
  var byUse = Neighbours<FlowIndex>()
  var byWait = Neighbours<FlowIndex>()

  init(key: FlowKey, hash: UInt64) {
    self.key = key
    self.hash = hash
  }

  /// The flows that were answered, or the others; the least recently used one first.
  enum ByUse: ListOrder {
    @inline(__always)
    static func neighbours(of flow: ElementRef<StreamFlow>) -> ElementRef<Neighbours<FlowIndex>> {
      flow.member(\.byUse)
    }
  }

  /// The flows with held segments, the longest waiting one first.
  enum ByWait: ListOrder {
    @inline(__always)
    static func neighbours(of flow: ElementRef<StreamFlow>) -> ElementRef<Neighbours<FlowIndex>> {
      flow.member(\.byWait)
    }
  }
}

/// One direction of a flow: how far it has been read, and what waits.
struct StreamHalf: BitwiseCopyable {
  /// `next` means something.
  var isKnown = false
  /// The SYN was seen, with `synNext` as the first byte's number.
  var sawSyn = false
  /// This direction no longer waits for the other one: it was not seen in time.
  var isAlone = false
  /// A SYN of another connection was seen, with `announced` as its first byte's number.
  var isAnnounced = false
  var announced: UInt32 = 0
  /// Sequence number of the next byte to read.
  var next: UInt32 = 0
  var synNext: UInt32 = 0
  /// A FIN was seen, with `finPosition` as the number after the last byte.
  var sawFin = false
  var finPosition: UInt32 = 0
  /// The number of the chunk that was read last, and a hash of how it begins; 0 and 0 before the first.
  var beginningAt: UInt32 = 0
  var beginning: UInt32 = 0
  var received = ReceivedRanges()
  /// The number after the last segment whose numbers may be a guess, which one that follows on it confirms; 0 for none.
  var doubted: UInt32 = 0
  /// The segments held back, by sequence number.
  var held = IntrusiveList<HeldChunk.BySequence>()
  var heldCount: Int32 = 0
}

extension ElementRef<StreamFlow> {
  /// One of the two directions.
  subscript(direction: Direction) -> ElementRef<StreamHalf> {
    @inline(__always) get { direction == .forward ? member(\.forward) : member(\.backward) }
  }

  /// Whether this is the flow of a key with this hash.
  @inline(__always)
  func matches(_ key: FlowKey, hash: UInt64) -> Bool {
    guard self.hash == hash else { return false }
    let own = self.key
    return own.ports == key.ports && own.aLow == key.aLow && own.bLow == key.bLow && own.aHigh == key.aHigh
      && own.bHigh == key.bHigh
  }

  @inline(__always)
  var hasHeld: Bool { !self.forward.held.isEmpty || !self.backward.held.isEmpty }
}

extension ElementRef<StreamHalf> {
  /// Begins the stream at `start`, by a SYN.
  func open(at start: UInt32) {
    self.sawSyn = true
    self.synNext = start
    self.isKnown = true
    self.next = start
    self.received = ReceivedRanges()
    self.received.add(start &- 1, start)
    self.received.setFloor()
  }

  /// Begins to read in the midst of the stream.
  func begin(at sequence: UInt32) {
    self.isKnown = true
    self.next = sequence
  }

  /// Whether a FIN was seen that follows on what was read.
  @inline(__always)
  var isFinished: Bool { self.sawFin && self.isKnown && self.finPosition == self.next }

  /// Counts the next bytes as read.
  func pass(_ count: UInt32) {
    self.received.add(self.next, self.next &+ count)
    self.next &+= count
  }

  /// The number of bytes at the beginning of a chunk that reaches beyond the next byte which have been read.
  ///
  /// No TCP sends data with the SYN's own number, but programs that make captures do; the byte there is
  /// data, then. A probe whether the other end lives (RFC 9293, section 3.8.4) is one byte long at most.
  func overlap(_ chunk: Chunk) -> UInt32 {
    let seen = self.next &- chunk.sequence
    let isAtSyn = seen == 1 && self.sawSyn && self.next == self.synNext && chunk.length > 1
    return isAtSyn ? 0 : seen
  }
}
