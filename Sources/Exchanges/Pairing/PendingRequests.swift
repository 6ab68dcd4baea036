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
struct PendingRequests: ~Copyable {
  typealias Queue = IntrusiveList<PendingRequest.ByOrder>

  private var slots: SlotPool<RequestIndex, PendingRequest>
  private var byAge = IntrusiveList<PendingRequest.ByAge>()
  /// Each flow's; all zero bytes are an empty one.
  private var queues: FixedArray<FlowIndex, Queue>

  init(capacity: Int, flows: Int) {
    slots = SlotPool(capacity: capacity)
    queues = FixedArray(zeroed: flows)
  }

  var isFull: Bool { slots.isFull }

  /// The request that was read first; nil when none waits.
  var oldest: RequestIndex? {
    @inline(__always) get { byAge.first }
  }

  subscript(index: RequestIndex) -> ElementRef<PendingRequest> {
    @inline(__always) get { slots[index] }
  }

  @inline(__always)
  func first(of flow: FlowIndex) -> RequestIndex? { queues[flow].value.first }

  @inline(__always)
  func last(of flow: FlowIndex) -> RequestIndex? { queues[flow].value.last }

  /// The first request of a key; where requests are answered in order, that is the flow's first.
  @inline(__always)
  func first(of key: ExchangeKey) -> RequestIndex? { find(key, from: first(of: key.flow)) }

  /// The next request of the same key.
  func after(_ index: RequestIndex) -> RequestIndex? {
    let key = slots[index].key
    return find(key, from: Queue.after(index, in: slots))
  }

  @inline(__always)
  private func find(_ key: ExchangeKey, from start: RequestIndex?) -> RequestIndex? {
    var at = start
    while let index = at {
      if slots[index].key.stream == key.stream { return index }
      at = Queue.after(index, in: slots)
    }
    return nil
  }

  /// Adds a request as the newest one; nil when there is no slot left.
  @inline(__always)
  mutating func add(_ request: PendingRequest) -> RequestIndex? {
    guard let index = slots.add(request) else { return nil }
    byAge.append(index, in: slots)
    let queue = queues[request.key.flow]
    // Almost always the last one; a late segment may bring an earlier request.
    var before = queue.value.last
    while let other = before, SequenceNumber.distance(slots[other].headStart, from: request.headStart) > 0 {
      before = Queue.before(other, in: slots)
    }
    var list = queue.value
    list.insert(index, after: before, in: slots)
    queue.value = list
    return index
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
    let queue = queues[request.key.flow]
    var list = queue.value
    list.remove(index, in: slots)
    queue.value = list
    slots.remove(index)
  }
}
