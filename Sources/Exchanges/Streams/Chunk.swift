// SPDX-License-Identifier: Apache-2.0

import Capture

/// A run of one direction's bytes: a segment, or what is left of one. It is what `Streams` hands to `Messages`,
/// each byte of a direction at most once; its bytes travel beside it.
struct Chunk: BitwiseCopyable {
  var flow: FlowIndex
  var direction: Direction
  var kind: Segment.Kind
  var hasAcknowledgement: Bool
  /// The first chunk of its segment: the one by which the segment is counted.
  var isFirst = true
  /// The sequence number of the first byte.
  var sequence: UInt32
  var acknowledgement: UInt32
  /// The number of bytes on the wire; fewer may have been captured.
  var length: UInt32
  /// Capture time, nanoseconds since 1970.
  var time: UInt64

  /// The sequence number of the first byte after the chunk.
  @inline(__always)
  var end: UInt32 { sequence &+ length }

  /// The chunk without its first `count` bytes.
  func dropping(_ count: UInt32) -> Chunk {
    var rest = self
    rest.sequence = sequence &+ count
    rest.length = length &- count
    // What remains does not begin where the segment did.
    if rest.kind == .start { rest.kind = .continuation }
    return rest
  }
}

/// The demand of a direction's reading, by which `Streams` can decide what waits; `Messages` gives it by value.
enum Demand: BitwiseCopyable, Sendable {
  /// Requests: they wait for nobody.
  case requests
  /// Responses, as far as is known: each waits for the request that it acknowledges.
  case responses
  /// Nothing yet: the response to CONNECT or an upgrade decides what these bytes are.
  case paused
  /// Nothing more: the connection has left HTTP.
  case nothing
}

/// The placement of a chunk in its stream, which decides what becomes of it.
enum Placement: BitwiseCopyable, Equatable {
  /// It begins at the next byte: to be read.
  case next
  /// It is the first one of a direction of which nothing was known: to be read.
  case first
  /// This many of its first bytes have been read: what remains is to be read.
  case overlap(UInt32)
  /// All of its bytes have been read.
  case duplicate
  /// It was never read, and reading has continued after it.
  case late
  /// It waits in the reorder buffer, for now.
  case held
  /// It would have to wait, but there is no room.
  case noRoom
  /// It lies ahead of missing bytes in a direction of which nothing is read: it is over with.
  case passedOver
  /// This many bytes before it were not delivered, and nothing waits for them.
  case gap(UInt32)
}
