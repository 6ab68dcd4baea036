// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import HTTP2
import System

/// HTTP/2: frames, where HTTP/1 leaves off.
extension ExchangeTracker {
  /// Reads what HTTP/1 leaves of a chunk: frames, or what may be some.
  /// - Returns: Whether it is to be read as HTTP/1, since it holds no frames.
  @inline(never)
  mutating func readRest(_ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading) -> Bool {
    switch messages.rest(of: chunk) {
    case .none: return false
    case .frames: break
    case .unknown: guard reading.offset == 0, findFrames(chunk, payload) else { return false }
    }
    guard let connection = frames.connection(of: chunk.flow) else { return false }
    let start = reading.offset, fields = frames.fields
    while true {
      let step = connection.next(chunk, payload, &reading, into: fields)
      switch step {
      case .endOfChunk:
        frames.noteRead(chunk.flow, connection)
        while let flow = frames.nextBeyondBudget { giveUpFrames(flow) }
        return false
      case .noFrames(let isClients):
        leaveFrames(chunk.flow, atBoundary: chunk.direction)
        counters.http2 &-= 1
        reading.offset = start
        guard start == 0, reading.outcome.heads == 0, isClients else { return false }
        // Not what begins with a preface again: it would be taken for one again.
        return HeadStart.verdict(payload) != .http2
      case .request(let request):
        reading.outcome.heads &+= 1
        addRequest(request, fields, to: connection, chunk)
      case .response, .unmatched, .interim:
        reading.outcome.heads &+= 1
        countResponse(step, chunk)
      case .ended(let ended): end(ended, of: chunk.flow)
      case .promise(let isRead):
        counters.pushPromises &+= 1
        if !isRead { counters.h2Resyncs &+= 1 }
      case .resync(let ended):
        counters.h2Resyncs &+= 1
        if let ended { end(ended, of: chunk.flow) }
      }
    }
  }

  /// Begins to read frames where a client's preface or a server's first SETTINGS were found; apart, since a connection
  /// is counted, and the reading of heads is not to count anything.
  @inline(never)
  mutating func beginFrames(
    _ chunk: Chunk, _ reading: inout ChunkReading, first: FrameSender, at offset: Int
  ) {
    guard isWhole(chunk) else {
      counters.http2 &+= 1
      counters.http2Unread &+= 1
      messages.leaveHTTP(chunk.flow, chunk.direction)
      return leaveHTTP(chunk, isLate: reading.isLate)
    }
    let isClients = first == .client
    let requests = isClients ? chunk.direction : chunk.direction.opposite
    reading.offset = offset
    let isServerAtStart =
      !isClients || messages.isAtBoundary(chunk.flow, requests.opposite)
      || streams.position(of: chunk.flow, requests.opposite) == nil
    beginFrames(chunk.flow, requestsIn: requests, first: first)
    // Something of the server was read before: its frames are found again.
    if !isServerAtStart { frames.joinServer(chunk.flow) }
  }

  mutating func beginFrames(_ flow: FlowIndex, requestsIn requests: Direction, first: FrameSender?) {
    if !frames.carries(flow) {
      while let oldest = frames.nextToEvict { giveUpFrames(oldest) }
    }
    endHead(flow, .forward)
    endHead(flow, .backward)
    counters.http2 &+= 1
    messages.beginFrames(flow, requestsIn: requests)
    frames.begin(flow, requestsIn: requests, first: first)
  }

  /// Reads a client's first bytes that came one by one and looked like a head's; apart as well.
  @inline(never)
  mutating func readStoredPreface(_ chunk: Chunk, _ stored: StoredHead) {
    guard let block = stored.block.index else { return }
    let pool = messages.storedBytes(stored)
    // Of the preface alone: what follows it is in the chunk.
    frames.readPreface(
      chunk.flow, pool.bytes(of: block, count: min(Int(stored.count), ConnectionPreface.length)))
  }

  /// Takes `101 Switching Protocols` to HTTP/2 into account (RFC 7540, section 3.2): it is an interim response, and the
  /// request is answered on stream 1. False, and nothing done, for any other response.
  @inline(never)
  mutating func takeUpgrade(
    _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ reading: inout ChunkReading
  ) -> Bool {
    guard isWhole(chunk), !reading.isLate, head.length > 0,
      UpgradeField.isHTTP2(bytes, end: min(head.length, bytes.byteCount)),
      let request = request(answeredBy: chunk, headStart: reading.headStart, isInStep: reading.isInStep),
      pairing.answer(to: request, at: chunk.time).answered.isUpgrade
    else { return false }
    beginFrames(chunk.flow, requestsIn: chunk.direction.opposite, first: .server)
    pairing.move(request, toStream: 1)
    frames.upgrade(chunk.flow, request)
    counters.interim &+= 1
    appendResponse(.interim, head.status, request, chunk)
    return true
  }

  /// Whether the frames that follow a chunk come too: all of its connection is captured.
  @inline(__always)
  private mutating func isWhole(_ chunk: Chunk) -> Bool { depth.isStreams || chunk.kind == .stream }

  /// Whether a chunk of a flow of which nothing has been read begins with frames; then it is read as HTTP/2 from here on.
  private mutating func findFrames(_ chunk: Chunk, _ payload: RawSpan) -> Bool {
    if !depth.isStreams, ConnectionPreface.isServers(payload),
      streams.position(of: chunk.flow, chunk.direction.opposite) == nil
    {
      // Some servers do not wait for the client's preface; at depth auto no SYN shows that these are the first bytes.
      beginFrames(chunk.flow, requestsIn: chunk.direction.opposite, first: .server)
      return true
    }
    guard let sender = frames.sender(payload, length: Int(chunk.length)) else { return false }
    let requests = sender == .client ? chunk.direction : chunk.direction.opposite
    guard messages.mayRequest(chunk.flow, requests) else { return false }
    beginFrames(chunk.flow, requestsIn: requests, first: nil)
    frames.resume(chunk.flow, chunk.direction)
    return true
  }

  /// Reads a request in the place of a preface, which was a stranger's: no SETTINGS have followed that. False, and nothing
  /// done, for anything else.
  @inline(never)
  mutating func takesBackPreface(_ chunk: Chunk, _ bytes: RawSpan) -> Bool {
    guard messages.isInFrames(chunk.flow, chunk.direction), HeadStart.verdict(bytes) == .request,
      let connection = frames.connection(of: chunk.flow), !connection.isSure,
      connection.requests == chunk.direction
    else { return false }
    counters.doubtful &+= 1
    counters.http2 &-= 1
    leaveFrames(chunk.flow, atBoundary: chunk.direction)
    streams.jump(to: chunk, known: 0)
    take(chunk, bytes)
    return true
  }

  /// Gives up a connection for which there is no memory; should it continue, its frames are found again.
  private mutating func giveUpFrames(_ flow: FlowIndex) {
    counters.evictedHTTP2 &+= 1
    leaveFrames(flow, atBoundary: nil)
  }

  /// Reads a connection as HTTP/1 again, a direction from its next byte on.
  private mutating func leaveFrames(_ flow: FlowIndex, atBoundary direction: Direction?) {
    while let request = pairing.first(of: flow) { end(request, as: .unknown) }
    frames.end(flow)
    messages.endFrames(flow, atBoundary: direction)
  }
}
