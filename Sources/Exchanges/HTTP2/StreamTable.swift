// SPDX-License-Identifier: Apache-2.0

import HTTP2

/// One stream whose request has been read and whose exchange has not ended.
struct StreamState: BitwiseCopyable {
  /// The knowledge whether the exchange is a gRPC call.
  enum Call: BitwiseCopyable {
    case no, yes
    /// The content types that would say it refer to what was sent before the watch.
    case unknown
  }

  /// The number of the stream; 0 in an empty slot.
  var stream: UInt32 = 0
  /// The request's place in the pairing.
  var request = PackedIndex<RequestIndex>()
  /// Capture time of the response's head; 0 until it was seen.
  var responseTime: UInt64 = 0
  /// Bytes of the response's DATA frames.
  var bodyBytes: UInt64 = 0
  /// The final status; 0 when nobody can know it.
  var status: UInt16 = 0
  /// A final response's head was seen.
  var hasResponse = false
  var call = Call.no
  /// Bytes of the server were lost while the stream was open, with which its response may have come.
  var hasGap = false
  /// CONNECT: what follows a success is a tunnel.
  var isConnect = false
  /// HEAD: what its response's head says of a body is not sent.
  var isHead = false
  /// DATA frames were padded, so that `bodyBytes` is too large.
  var isPadded = false
}

/// The open streams of one connection, by number: open addressing with backward-shift deletion.
///
/// It grows with the streams that are open at once, up to `most`. A secret keys the hash, since peers choose the numbers.
struct StreamTable: ~Copyable {
  /// The most streams of a connection; what servers allow is 100 to 256 as a rule.
  static let most = 1_024

  private var slots: FixedArray<Int, StreamState>
  private let seed: UInt64
  /// The number of streams.
  private(set) var count = 0
  /// Where the next stream to give way is looked for.
  private var cursor = 0

  init(seed: UInt64) {
    slots = FixedArray(zeroed: 16)
    // An odd number: no two streams' products are the same.
    self.seed = seed | 1
  }

  /// Bytes of memory.
  var memory: Int { slots.capacity * MemoryLayout<StreamState>.stride }
  var isFull: Bool { count == Self.most }

  /// Where a stream's slot is looked for first. Numbers that follow each other are spread by the first product: by a
  /// secret factor alone some secrets make long runs of them.
  @inline(__always)
  private func home(_ stream: UInt32) -> Int {
    let spread = UInt64(stream) &* 0x9e37_79b9_7f4a_7c15 ^ seed
    let mixed = (spread ^ spread &>> 32) &* seed
    return Int(truncatingIfNeeded: mixed &>> 40) & (slots.capacity &- 1)
  }

  /// The slot of a stream; nil when it is not in the table.
  @inline(__always)
  func find(_ stream: UInt32) -> ElementRef<StreamState>? {
    var slot = home(stream)
    while true {
      let state = slots[slot]
      if state.stream == stream { return state }
      if state.stream == 0 { return nil }
      slot = (slot &+ 1) & (slots.capacity &- 1)
    }
  }

  /// Adds a stream that is not in the table, which is not full.
  mutating func add(_ state: StreamState) {
    precondition(count < Self.most && state.stream != 0)
    if (count &+ 1) &* 2 > slots.capacity { grow() }
    place(state)
    count &+= 1
  }

  private func place(_ state: StreamState) {
    var slot = home(state.stream)
    while slots[slot].stream != 0 { slot = (slot &+ 1) & (slots.capacity &- 1) }
    slots[slot].value = state
  }

  private mutating func grow() {
    let old = slots.capacity
    var states = FixedArray<Int, StreamState>(zeroed: old * 2)
    swap(&states, &slots)
    for slot in 0..<old where states[slot].stream != 0 { place(states[slot].value) }
    cursor = 0
  }

  /// Forgets a stream.
  mutating func remove(_ stream: UInt32) {
    let mask = slots.capacity &- 1
    var hole = home(stream)
    while slots[hole].stream != stream {
      if slots[hole].stream == 0 { return }
      hole = (hole &+ 1) & mask
    }
    // Backward shift: whatever may stand nearer to its own slot moves up (Knuth 6.4, algorithm R).
    var slot = hole
    while true {
      slot = (slot &+ 1) & mask
      let moved = slots[slot].stream
      if moved == 0 { break }
      if (slot &- home(moved)) & mask >= (slot &- hole) & mask {
        slots[hole].value = slots[slot].value
        hole = slot
      }
    }
    slots[hole].value = StreamState()
    count &-= 1
  }

  /// The slots, for what concerns all streams.
  var capacity: Int { slots.capacity }

  /// The state in a slot; its stream is 0 when it is empty.
  func slot(_ slot: Int) -> ElementRef<StreamState> { slots[slot] }

  /// A stream to give way; one after the other is chosen.
  mutating func nextToEvict() -> UInt32 {
    while true {
      cursor = (cursor &+ 1) & (slots.capacity &- 1)
      let stream = slots[cursor].stream
      if stream != 0 { return stream }
    }
  }
}
