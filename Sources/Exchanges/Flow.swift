// SPDX-License-Identifier: Apache-2.0

/// One TCP connection that is being followed.
struct Flow: BitwiseCopyable {
  /// Which direction carries requests.
  enum Role: UInt8, BitwiseCopyable { case unknown, forward, backward }

  /// Whose requests travel here.
  enum Standing: UInt8, BitwiseCopyable {
    /// No request has been seen under these addresses.
    case fresh
    /// A request has.
    case asked
    /// The connection is known under other addresses: `twin` is its flow.
    case twin
  }

  var key: FlowKey
  var hash: UInt64
  /// From a to b of the key.
  var forward = HalfStream()
  /// From b to a.
  var backward = HalfStream()
  var requests = Role.unknown
  /// A SYN told the role: no head can contradict it.
  var isRoleSure = false
  var standing = Standing.fresh
  /// The other flow's directions are the other way round.
  var isTwinReversed = false
  /// The flow that this one's segments belong to, and its hash, which tells whether it is still there.
  var twin: Int32 = -1
  var twinHash: UInt64 = 0
  /// Capture time of the last segment.
  var lastSeen: UInt64 = 0
  /// Requests waiting for their response, in the order of the stream; -1 for none.
  var firstPending: Int32 = -1
  var lastPending: Int32 = -1
  /// Neighbours in the order of last use, -1 at the ends.
  var older: Int32 = -1
  var newer: Int32 = -1
  /// Neighbours among the flows with held segments, -1 at the ends.
  var waitingBefore: Int32 = -1
  var waitingAfter: Int32 = -1
  var isWaiting = false
  /// Since when this flow waits for missing bytes.
  var waitingSince: UInt64 = 0

  init(key: FlowKey, hash: UInt64) {
    self.key = key
    self.hash = hash
  }

  subscript(isForward: Bool) -> HalfStream {
    @inline(__always)
    _read { if isForward { yield forward } else { yield backward } }
    @inline(__always)
    _modify { if isForward { yield &forward } else { yield &backward } }
  }

  /// Where reading stands in a direction. On the road of every head this is asked instead of the
  /// subscript, whose coroutine may take its frame from the heap.
  func phase(_ isForward: Bool) -> HalfStream.Phase { isForward ? forward.phase : backward.phase }

  /// Whether requests may travel in this direction, as far as is known.
  func mayRequest(_ isForward: Bool) -> Bool {
    requests == .unknown || requests == (isForward ? .forward : .backward)
  }

  /// Whether responses may travel in this direction, as far as is known.
  func mayRespond(_ isForward: Bool) -> Bool {
    requests == .unknown || requests == (isForward ? .backward : .forward)
  }
}
