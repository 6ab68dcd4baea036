// SPDX-License-Identifier: Apache-2.0

/// A request that waits for its response.
struct PendingRequest: BitwiseCopyable {
  var flow: Int32
  /// Sequence numbers of the head's first byte, and of the first one behind it.
  var headStart: UInt32
  var headEnd: UInt32
  /// What the client had received when it asked; the response begins there or later.
  var acknowledgement: UInt32
  var hasAcknowledgement: Bool
  var isHead: Bool
  var isConnect: Bool
  /// The request asked for another protocol.
  var isUpgrade: Bool
  /// Capture time of the head, nanoseconds since 1970.
  var time: UInt64
  /// The capture clock when it was read: never goes back, as times in a file may.
  var clock: UInt64
  /// Neighbours on the same flow, in the order of the stream; -1 at the ends.
  var before: Int32 = -1
  var after: Int32 = -1
  /// Neighbours in the order of arrival; -1 at the ends.
  var older: Int32 = -1
  var newer: Int32 = -1
}

/// All requests that wait, in a fixed number of places, oldest first.
struct PendingRequests: ~Copyable {
  private var places: Slab<PendingRequest>
  private var free: [Int32] = []
  private(set) var oldest: Int32 = -1
  private var newest: Int32 = -1

  init(capacity: Int) {
    places = Slab(capacity: capacity)
    free.reserveCapacity(capacity)
  }

  subscript(place: Int32) -> Place<PendingRequest> {
    @inline(__always) get { places.place(place) }
  }

  /// Whether the request at a place still waits.
  func isWaiting(_ place: Int32) -> Bool { self[place].flow >= 0 }

  /// Adds a request as the newest one; -1 when there is no place left.
  mutating func add(_ request: PendingRequest) -> Int32 {
    let place: Int32
    if let reused = free.popLast() {
      place = reused
      places[Int(place)] = request
    } else {
      guard let fresh = places.extend(with: request) else { return -1 }
      place = Int32(truncatingIfNeeded: fresh)
    }
    places[Int(place)].older = newest
    places[Int(place)].newer = -1
    if newest >= 0 { places[Int(newest)].newer = place } else { oldest = place }
    newest = place
    return place
  }

  /// Forgets a request; its flow's list is the caller's.
  mutating func remove(_ place: Int32) {
    let older = places[Int(place)].older, newer = places[Int(place)].newer
    if older >= 0 { places[Int(older)].newer = newer } else { oldest = newer }
    if newer >= 0 { places[Int(newer)].older = older } else { newest = older }
    places[Int(place)].flow = -1
    free.append(place)
  }
}
