// SPDX-License-Identifier: Apache-2.0

import HTTP1
import HTTP2
import System

/// One HTTP/2 connection: the readers of its two directions, and its open streams.
///
/// A client numbers its streams in ascending order, so a number above `lastStream` begins one and any other is of a
/// stream that is open or over. Of numbers below `firstStream` nothing is known: they began before the watch or in a gap.
final class FrameConnection {
  let client: FrameReader
  let server: FrameReader
  /// The direction in which requests travel.
  let requests: Direction
  var streams: StreamTable
  /// The lowest stream since which all requests have been seen.
  var firstStream: UInt32
  /// The highest stream that the client has begun.
  var lastStream: UInt32 = 0
  /// Streams up to this one were open when bytes of the server were lost; 0 for none.
  var gapStream: UInt32 = 0
  /// What the server's last GOAWAY says; streams above it are not answered.
  var lastAnswered: UInt32 = .max
  /// The number of GOAWAY frames whose streams were looked for.
  var goAways = 0
  /// The slot of the table from which on the streams above `lastAnswered` are to be ended; nil when they have been.
  var endingSlot: Int?
  /// The client's SETTINGS were read, which follow its preface, or the connection was recognised by other frames. A preface
  /// alone may be a stranger's.
  private(set) var isSure: Bool

  /// A connection of which the first bytes of `first` are next, or, when that is nil, one from its midst on.
  init(requestsIn direction: Direction, first: FrameSender?, seed: UInt64, names: FieldNames) {
    let isLate = first == nil
    requests = direction
    client = FrameReader(sender: .client, from: isLate ? .middle : .connection, names: names)
    server = FrameReader(sender: .server, from: isLate ? .middle : .connection)
    streams = StreamTable(seed: seed)
    firstStream = isLate ? .max : 1
    isSure = isLate
  }

  /// The reader of a direction.
  private func reader(_ direction: Direction) -> FrameReader { direction == requests ? client : server }

  /// Bytes of memory, about.
  var memory: Int { 1_024 + client.memory + server.memory + streams.memory }
}

// MARK: - Reading

extension FrameConnection {
  /// Reads on in a chunk up to the next message.
  func next(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading, into list: HeaderList
  ) -> FrameStep {
    let reader = reader(chunk.direction)
    let length = Int(chunk.length), captured = min(payload.byteCount, length)
    if !reader.isInStep {
      guard reading.offset == 0, FrameFinder.begins(payload, length: length, from: reader.sender) else {
        return end(of: chunk)
      }
      reader.resume()
      return .resync(nil)
    }
    if endingSlot != nil, let ended = nextLeftOut() { return .ended(ended) }
    var offset = min(reading.offset, captured)
    while true {
      let event = reader.next(payload, from: &offset, into: list)
      if case .endOfChunk = event { break }
      if let step = step(event, of: reader, list, chunk) {
        reading.offset = offset
        return step
      }
      if !isSure, !client.isInStep { return end(of: chunk) }
    }
    reading.offset = length
    if reading.outcome.heads == 0, reader.isInBlock { reading.outcome.hasPartialHead = true }
    // What the capture cut off.
    if captured < length { skip(chunk.direction, UInt32(length &- captured)) }
    return end(of: chunk)
  }

  private func end(of chunk: Chunk) -> FrameStep {
    isSure || client.isInStep ? .endOfChunk : .noFrames(isClients: chunk.direction == requests)
  }

  /// What an event comes to; nil when it is none that the caller must know.
  private func step(
    _ event: FrameEvent, of reader: FrameReader, _ list: HeaderList, _ chunk: Chunk
  ) -> FrameStep? {
    switch event {
    case .block(let block):
      if block.isPromise { return .promise(isRead: block.outcome == .decoded) }
      if reader.sender == .client { return request(block, list) }
      return response(block, list, at: chunk.time)
    case .data(let stream, let length, let endsStream):
      guard reader.sender == .server, let state = streams.find(stream) else { return nil }
      state.bodyBytes &+= UInt64(length)
      if reader.isPadded { state.isPadded = true }
      if endsStream { return .ended(end(state, trailers: nil)) }
    case .reset(let stream, let code): return reset(stream, code, from: reader.sender).map { .ended($0) }
    case .goAway(let last, _):
      guard reader.sender == .server, let last else { return nil }
      leaveOut(above: last)
      return nextLeftOut().map { .ended($0) }
    case .settings(let settings):
      if reader.sender == .client { isSure = true }
      self.reader(chunk.direction.opposite).receiverAnnounced(settings)
    case .outOfStep: if isSure { noteGap(from: reader.sender) }
    case .preface, .settingsAcknowledged, .endOfChunk: break
    }
    return nil
  }

  /// Reads on at a direction's next byte, where a frame begins.
  func resume(_ direction: Direction) { reader(direction).resume() }

  /// Reads a client's preface that came before the chunk being read.
  func readPreface(_ bytes: RawSpan, into list: HeaderList) {
    var offset = 0
    _ = client.next(bytes, from: &offset, into: list)
  }

  /// Bytes of a payload that are passed over and still to come in a direction.
  func skippable(_ direction: Direction) -> Int { reader(direction).skippable }

  /// Bytes up to the next frame's header in a direction; nil when nobody knows, or the header has begun.
  func bytesToHeader(_ direction: Direction) -> Int? { isSure ? reader(direction).bytesToHeader : nil }

  /// Continues after bytes of a direction that will not come.
  func skip(_ direction: Direction, _ gap: UInt32) {
    let reader = reader(direction)
    let wasInStep = reader.isInStep
    if !reader.gap(Int(gap)), wasInStep { noteGap(from: reader.sender) }
  }

  /// Notes that bytes of a direction were lost, frames among them.
  private func noteGap(from sender: FrameSender) {
    switch sender {
    case .server:
      gapStream = lastStream
      client.receiverSettingsUnknown()
    case .client:
      // What it began there is not known: responses to that are nobody's.
      firstStream = .max
      server.receiverSettingsUnknown()
    }
  }
}

// MARK: - Requests

extension FrameConnection {
  /// A request, when a client's header block is one (RFC 9113, section 8.3.1).
  private func request(_ block: HeaderBlock, _ list: HeaderList) -> FrameStep? {
    guard block.outcome == .decoded else {
      lastStream = max(lastStream, block.stream)
      firstStream = .max
      return .resync(nil)
    }
    // Not above the last one: trailers, or a frame on a stream that is over.
    guard block.stream > lastStream, RequestBlock.isRequest(list) else { return nil }
    lastStream = block.stream
    firstStream = min(firstStream, block.stream)
    let method = RequestBlock.method(list)
    return .request(
      StreamRequest(
        stream: block.stream, method: method, call: RequestBlock.call(list, method),
        isTunnel: method.isConnect))
  }

  /// The exchange that has given way to the next request; nil when there is room.
  func makeRoom() -> EndedStream? {
    guard streams.isFull, let state = streams.find(streams.nextToEvict()) else { return nil }
    return giveUp(state)
  }

  /// Adds a request for which there is room.
  func add(_ request: StreamRequest, _ index: RequestIndex) {
    var state = StreamState(stream: request.stream, request: PackedIndex(index))
    state.call = request.call
    state.isConnect = request.isTunnel
    state.isHead = request.method.isHead
    streams.add(state)
  }
}
