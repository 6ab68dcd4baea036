// SPDX-License-Identifier: Apache-2.0

/// One TCP connection that is being followed.
struct Flow: BitwiseCopyable {
  /// Which direction carries requests.
  enum Role: BitwiseCopyable { case unknown, forward, backward }

  /// Whose requests travel here.
  enum Standing: BitwiseCopyable {
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

}

extension Place<Flow> {
  /// One of the two directions.
  subscript(isForward: Bool) -> Place<HalfStream> {
    @inline(__always) get { isForward ? place(of: \.forward) : place(of: \.backward) }
  }

  /// Whether requests may travel in this direction, as far as is known.
  @inline(__always)
  func mayRequest(_ isForward: Bool) -> Bool {
    self.requests == .unknown || self.requests == (isForward ? .forward : .backward)
  }

  /// Whether responses may travel in this direction, as far as is known.
  @inline(__always)
  func mayRespond(_ isForward: Bool) -> Bool {
    self.requests == .unknown || self.requests == (isForward ? .backward : .forward)
  }
}
