// SPDX-License-Identifier: Apache-2.0

/// Whose response a response may be: a connection's, in order, or one stream's of it.
struct ExchangeKey: Equatable, BitwiseCopyable, Sendable {
  var flow: FlowIndex
  /// 0 where requests are answered in order (HTTP/1), else the number of the stream.
  var stream: UInt32 = 0
}

/// A request that waits for its response.
struct PendingRequest: BitwiseCopyable {
  var key: ExchangeKey
  /// Sequence numbers of the head's first byte, and of the first one after it.
  var headStart: UInt32
  var headEnd: UInt32
  /// What the client had received when it asked; the response begins there or later.
  var acknowledgement: UInt32
  var hasAcknowledgement: Bool
  /// What its response must know of it.
  var answer: AnsweredRequest
  /// Capture time of the head, nanoseconds since 1970.
  var time: UInt64
  /// The capture clock when it was read: never goes back, as times in a file may.
  var clock: UInt64
  var isWaiting = true
  /// It stands among the requests of its flow, so that a response can be its own.
  var isQueued = false
  var byAge = Neighbours<RequestIndex>()
  var byOrder = Neighbours<RequestIndex>()

  /// All requests, the oldest first.
  enum ByAge: ListOrder {
    @inline(__always)
    static func neighbours(of request: ElementRef<PendingRequest>) -> ElementRef<Neighbours<RequestIndex>> {
      request.member(\.byAge)
    }
  }

  /// The requests of one flow, in the order of the stream.
  enum ByOrder: ListOrder {
    @inline(__always)
    static func neighbours(of request: ElementRef<PendingRequest>) -> ElementRef<Neighbours<RequestIndex>> {
      request.member(\.byOrder)
    }
  }
}

/// All requests that wait, in a fixed number of slots: the oldest first, and those of each flow in the order of
/// the stream.
///
/// No flow may fill them: one has at most `perFlow`, and while little room is left, at most one unless it has been
/// answered before, so that requests that nobody answers do not push out those of others.
struct PendingRequests: ~Copyable {
  typealias Order = IntrusiveList<PendingRequest.ByOrder>

  /// The requests of one flow. All zero bytes are none.
  struct Queue: BitwiseCopyable {
    var requests = Order()
    var count: Int32 = 0
  }

  /// Steps from the end of a queue to a late request's place, at most: what one segment may cost has a limit.
  static let longestWalk = 64

  private var slots: SlotPool<RequestIndex, PendingRequest>
  private var byAge = IntrusiveList<PendingRequest.ByAge>()
  /// Each flow's; all zero bytes are an empty one.
  private var queues: FixedArray<FlowIndex, Queue>
  private let perFlow: Int32
  /// The number of requests from which on little room is left.
  private let crowd: Int

  init(capacity: Int, perFlow: Int, flows: Int) {
    self.perFlow = Int32(clamping: perFlow)
    crowd = capacity - capacity / 4
    slots = SlotPool(capacity: capacity)
    queues = FixedArray(zeroed: flows)
  }

  var isFull: Bool { slots.isFull }

  /// The request that was read first; nil when none waits.
  var oldest: RequestIndex? {
    @inline(__always) get { byAge.first }
  }

  /// The request that was read after another one; nil when none was.
  func newer(_ index: RequestIndex) -> RequestIndex? {
    IntrusiveList<PendingRequest.ByAge>.after(index, in: slots)
  }

  subscript(index: RequestIndex) -> ElementRef<PendingRequest> {
    @inline(__always) get { slots[index] }
  }

  /// Asks for a flow's queue ahead of its use.
  @inline(__always)
  func prefetch(_ flow: FlowIndex) { queues.prefetch(flow) }

  @inline(__always)
  func first(of flow: FlowIndex) -> RequestIndex? { queues[flow].requests.first }

  @inline(__always)
  func last(of flow: FlowIndex) -> RequestIndex? { queues[flow].requests.last }

  /// The first request of a key; where requests are answered in order, that is the flow's first.
  @inline(__always)
  func first(of key: ExchangeKey) -> RequestIndex? { find(key, from: first(of: key.flow)) }

  /// The next request of the same key.
  func after(_ index: RequestIndex) -> RequestIndex? {
    let key = slots[index].key
    return find(key, from: Order.after(index, in: slots))
  }

  @inline(__always)
  private func find(_ key: ExchangeKey, from start: RequestIndex?) -> RequestIndex? {
    var at = start
    while let index = at {
      if slots[index].key.stream == key.stream { return index }
      at = Order.after(index, in: slots)
    }
    return nil
  }

  /// Adds a request as the newest one; nil when there is no slot left.
  ///
  /// One for which its flow has no room, or whose place is too far from the end, is not queued: no response finds it.
  @inline(__always)
  mutating func add(_ request: PendingRequest, isAnswered: Bool) -> RequestIndex? {
    guard let index = slots.add(request) else { return nil }
    byAge.append(index, in: slots)
    let queue = queues[request.key.flow]
    guard queue.count == 0 || hasRoom(for: request, after: queue.count, isAnswered: isAnswered) else {
      return index
    }
    // Almost always the last one; a late segment may bring an earlier request.
    var before = queue.requests.last, steps = 0
    while let other = before, SequenceNumber.distance(slots[other].headStart, from: request.headStart) > 0 {
      steps &+= 1
      if steps > Self.longestWalk { return index }
      before = Order.before(other, in: slots)
    }
    var list = queue.requests
    list.insert(index, after: before, in: slots)
    queue.requests = list
    queue.count &+= 1
    slots[index].isQueued = true
    return index
  }

  /// Whether a flow with `count` requests may have one more; the streams of HTTP/2 have limits of their own.
  private func hasRoom(for request: PendingRequest, after count: Int32, isAnswered: Bool) -> Bool {
    request.key.stream != 0 || count < perFlow && (isAnswered || slots.count <= crowd)
  }

  /// Makes a request the newest one.
  mutating func renew(_ index: RequestIndex, at clock: UInt64) {
    slots[index].clock = clock
    byAge.remove(index, in: slots)
    byAge.append(index, in: slots)
  }

  /// Forgets a request.
  @inline(__always)
  mutating func remove(_ index: RequestIndex) {
    let request = slots[index]
    request.isWaiting = false
    byAge.remove(index, in: slots)
    if request.isQueued {
      let queue = queues[request.key.flow]
      var list = queue.requests
      list.remove(index, in: slots)
      queue.requests = list
      queue.count &-= 1
    }
    slots.remove(index)
  }
}
