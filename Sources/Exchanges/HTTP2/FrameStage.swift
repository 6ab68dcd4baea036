// SPDX-License-Identifier: Apache-2.0

import HTTP1
import HTTP2
import System

/// The HTTP/2 stage: the connections that carry frames, by which chunks become messages of streams.
///
/// It is the second implementation of the stage of messages. A chunk is read in turns, with its `connection` and the
/// `fields`: `next`, and for a request `add`, until the chunk is over; then `noteRead`. What a request is known by in the
/// pairing is kept with its stream and given back.
struct FrameStage: ~Copyable {
  private var connections: FrameConnections
  /// The fields of the block being read; made with the first connection.
  private var list: HeaderList?
  /// What decodes a block of which it is not known yet whether it is one.
  private let probe = HeaderDecoder(joinedLate: true)

  init(limits: ExchangeLimits, seed: UInt64) {
    connections = FrameConnections(limits: limits, seed: seed)
  }

  /// Where a connection puts the fields of what `next` reads.
  var fields: HeaderList {
    mutating get {
      if let list { return list }
      let made = HeaderList()
      list = made
      return made
    }
  }
}

// MARK: - Connections

extension FrameStage {
  /// The flow whose connection must be ended before another one begins; nil while there is room.
  var nextToEvict: FlowIndex? { connections.nextToEvict }

  /// The flow whose connection must be ended since all take too much memory; nil while they do not.
  var nextBeyondBudget: FlowIndex? { connections.nextBeyondBudget }

  /// Bytes that all connections hold.
  var memory: Int { connections.memory }

  /// Whether a flow carries frames.
  func carries(_ flow: FlowIndex) -> Bool { connections.connection(of: flow) != nil }

  /// Begins to read a flow's frames; there must be room.
  /// - Parameter first: Whose first bytes are next, where the connection has not begun before; nil from its midst on.
  mutating func begin(_ flow: FlowIndex, requestsIn direction: Direction, first: FrameSender?) {
    connections.begin(flow, requestsIn: direction, first: first)
  }

  /// Reads on at a direction's next byte, where a frame begins.
  func resume(_ flow: FlowIndex, _ direction: Direction) {
    connections.connection(of: flow)?.resume(direction)
  }

  /// Notes that the server's bytes begin in their midst.
  func joinServer(_ flow: FlowIndex) { connections.connection(of: flow)?.server.gap(nil) }

  /// Begins after an upgrade: the request is answered on stream 1.
  func upgrade(_ flow: FlowIndex, _ request: RequestIndex) {
    guard let connection = connections.connection(of: flow) else { return }
    connection.add(StreamRequest(stream: 1, method: .other, call: .no, isTunnel: false), request)
    connection.lastStream = 1
    // The request's HTTP2-Settings, which the 101 acknowledges, are not kept.
    connection.server.receiverSettingsUnknown()
  }

  /// Forgets a flow's connection, if it has one; exchanges of its streams have been ended. Apart as well.
  @inline(never)
  mutating func end(_ flow: FlowIndex) { connections.end(flow) }

  /// Who sends the frames that a chunk of a flow begins with of which nothing is known; nil when they may be none.
  mutating func sender(_ bytes: RawSpan, length: Int) -> FrameSender? {
    // Of most bytes the first nine are no header: before anything is made.
    guard FrameFinder.mayBegin(bytes) else { return nil }
    return FrameFinder.sender(bytes, length: length, probe, fields)
  }
}

// MARK: - Chunks

extension FrameStage {
  /// The connection of a flow, which reads its chunks; nil when the flow carries no frames. Held while a chunk is read:
  /// references are counted for a chunk, not for each message in it.
  func connection(of flow: FlowIndex) -> FrameConnection? { connections.connection(of: flow) }

  /// Notes that a chunk of a connection has been read.
  mutating func noteRead(_ flow: FlowIndex, _ connection: FrameConnection) {
    connections.use(flow, connection)
  }

  /// Reads a client's preface that came before the chunk being read.
  mutating func readPreface(_ flow: FlowIndex, _ bytes: RawSpan) {
    connections.connection(of: flow)?.readPreface(bytes, into: fields)
  }

  /// Whether a direction is inside the payload of a frame that is passed over, at least this many bytes before its end.
  func isInData(_ flow: FlowIndex, _ direction: Direction, atLeast count: UInt32) -> Bool {
    connections.connection(of: flow)?.skippable(direction) ?? 0 >= Int(count)
  }

  /// Bytes up to the next frame's header in a direction; nil when nobody knows, or the header has begun.
  func bytesToHeader(_ flow: FlowIndex, _ direction: Direction) -> Int? {
    connections.connection(of: flow)?.bytesToHeader(direction)
  }

  /// Bytes of a frame's payload that a direction sends next and of which none is looked at.
  func dataAhead(_ flow: FlowIndex, _ direction: Direction) -> UInt64 {
    UInt64(connections.connection(of: flow)?.skippable(direction) ?? 0)
  }

  /// Continues after bytes of a direction that will not come. Apart, since a connection is counted.
  @inline(never)
  mutating func skip(_ flow: FlowIndex, _ direction: Direction, _ gap: UInt32) {
    connections.connection(of: flow)?.skip(direction, gap)
  }
}

// MARK: - Streams

extension FrameStage {
  /// Ends the exchange of a request that is given up: no room, the time limit, or the connection's end; nil when no
  /// stream has it. Apart as well.
  @inline(never)
  func giveUp(_ request: RequestIndex, on stream: UInt32, of flow: FlowIndex) -> EndedStream? {
    connections.connection(of: flow)?.giveUp(request, on: stream)
  }

  /// Whether a request continues whose time is over: a call that has been answered and is still under way.
  func isUnderWay(_ flow: FlowIndex, _ stream: UInt32) -> Bool {
    connections.connection(of: flow)?.isUnderWay(stream) ?? false
  }
}
