// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import HTTP2
import System
import Text

/// The second half of the tracker: chunks become messages, and messages become events.
extension ExchangeTracker {
  /// Reads a chunk that begins at its direction's next byte.
  mutating func read(_ chunk: Chunk, _ payload: RawSpan) -> ChunkOutcome {
    var reading = ChunkReading()
    if messages.needsHint(chunk, payload) { reading.hint = hint(for: chunk) }
    while messages.findHead(chunk, payload, &reading) {
      var head = MessageHead()
      switch messages.readHead(chunk, payload, &reading, into: &head) {
      case .none: break
      case .stray:
        reading.hint = hint(for: chunk)
        messages.passStray(chunk, payload, &reading)
      case .head:
        take(head, payload.slice(reading.headOffset, payload.byteCount), chunk, &reading)
      case .storedHead: takeStored(head, chunk, &reading)
      case .noRoom: endHead(reading.evicted.flow, reading.evicted.direction)
      case .preface(let isClient):
        beginFrames(chunk, &reading, first: isClient ? .client : .server, at: reading.headOffset)
      case .storedPreface:
        let stored = reading.stored
        beginFrames(chunk, &reading, first: .client, at: reading.offset)
        readStoredPreface(chunk, stored)
      }
    }
    if reading.isCutAtBoundary {
      needsWhole = true
      settleUnseen(chunk)
    }
    if reading.offset < Int(chunk.length), messages.hasRest(chunk), readRest(chunk, payload, &reading) {
      return read(chunk, payload)
    }
    return reading.outcome
  }

  /// Ends the requests whose responses were in the part of a segment that was not captured: its acknowledgement tells
  /// which ones the server had. A later response would be taken for theirs.
  private mutating func settleUnseen(_ chunk: Chunk) {
    guard chunk.hasAcknowledgement,
      messages.requestDirection(of: chunk.flow) == chunk.direction.opposite
    else { return }
    while let request = pairing.first(of: chunk.flow),
      pairing.wasReceived(request, acknowledgement: chunk.acknowledgement)
    {
      end(request, as: .unknown)
    }
  }

  /// Reads the heads in a late chunk, with their bodies as far as they lie in it.
  ///
  /// - Parameter isDoubtful: the chunk's numbers may be a guess: its requests end at once, its responses answer none.
  mutating func readLateHeads(_ chunk: Chunk, _ payload: RawSpan, isDoubtful: Bool = false) -> ChunkOutcome {
    var reading = ChunkReading()
    reading.isDoubtful = isDoubtful
    guard messages.beginLate(chunk, payload) else { return reading.outcome }
    reading.isLate = true
    while true {
      var head = MessageHead()
      guard messages.readLateHead(chunk, payload, &reading, into: &head) else { return reading.outcome }
      take(head, payload.slice(reading.headOffset, payload.byteCount), chunk, &reading)
    }
  }

  /// Ends a head whose rest will not come, where its direction stands inside one.
  mutating func endHead(_ flow: FlowIndex, _ direction: Direction) {
    guard messages.isInHead(flow, direction), let position = streams.position(of: flow, direction) else {
      return
    }
    endHead(flow, direction, at: position)
  }

  /// Ends the head of a request whose rest the server has received, as its answer says, and that was never seen: the
  /// filter has only so much room to follow unfinished heads.
  @inline(never)
  private mutating func endHead(answeredBy chunk: Chunk) {
    let requests = chunk.direction.opposite
    guard chunk.hasAcknowledgement, let position = streams.position(of: chunk.flow, requests) else { return }
    let unseen = SequenceNumber.distance(chunk.acknowledgement, from: position)
    if unseen > 0, unseen <= Int32(HeadParser.maximumLength) { endHead(chunk.flow, requests, at: position) }
  }

  /// Ends a head of which nothing comes from sequence number `position` on: it counts by its start line.
  mutating func endHead(_ flow: FlowIndex, _ direction: Direction, at position: UInt32) {
    let chunk = Chunk(
      flow: flow, direction: direction, kind: .continuation, hasAcknowledgement: false, sequence: position,
      acknowledgement: 0, length: 0, time: streams.lastSeen(flow))
    var reading = ChunkReading()
    var head = MessageHead()
    let segments = messages.headSegments(flow, direction)
    guard messages.cutHead(chunk, &reading, into: &head) else { return }
    takeStored(head, chunk, &reading)
    // No segment is at hand to be the head's: the last one that carried a part of it is.
    if segments > 0 {
      counters.continuations &-= 1
      counters.headSegments &+= 1
    } else {
      counters.pipelinedHeads &+= 1
    }
  }

  /// What the reading of a chunk's direction must know of the other one and of pairing.
  mutating func hint(for chunk: Chunk) -> PairingHint {
    var hint = pairing.hint(for: chunk.flow)
    hint.otherPosition = streams.position(of: chunk.flow, chunk.direction.opposite)
    return hint
  }
}

// MARK: - Messages

extension ExchangeTracker {
  /// Takes a head that was kept in the store.
  private mutating func takeStored(_ head: MessageHead, _ chunk: Chunk, _ reading: inout ChunkReading) {
    guard let block = reading.stored.block.index else { return }
    let pool = messages.storedBytes(reading.stored)
    take(head, pool.bytes(of: block, count: Int(reading.stored.count)), chunk, &reading)
  }

  /// Takes a head into account: an event, and a place in the pairing. `head.length` is 0 when its end was not seen.
  private mutating func take(
    _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ reading: inout ChunkReading
  ) {
    if head.length == 0 { counters.truncated &+= 1 }
    if !head.kind.isRequest, messages.isInHead(chunk.flow, chunk.direction.opposite) {
      endHead(answeredBy: chunk)
    }
    makeRoomInBatch()
    if head.kind.isRequest {
      counters.requests &+= 1
      if head.isMalformed { counters.malformedRequests &+= 1 }
      guard let added = takeRequest(head, bytes, chunk, reading.headStart) else { return }
      if !pairing.mayBeAnswered(added) { return endUnqueued(added) }
      if reading.isDoubtful { end(added, as: .unknown) }
      return
    }
    counters.responses &+= 1
    if head.status == 101, takeUpgrade(head, bytes, chunk, &reading) { return }
    let answered = takeResponse(head, chunk, &reading)
    if batch.isDetailed { batch.describeResponse(head, answered, ends(chunk)) }
    if messages.follow(head, answering: answered, chunk, isLate: reading.isLate) {
      counters.tunnels &+= 1
      leaveHTTP(chunk, isLate: reading.isLate)
    }
  }

  /// The connection carries something else from here on, both ways.
  mutating func leaveHTTP(_ chunk: Chunk, isLate: Bool) {
    let other = chunk.direction.opposite
    endHead(chunk.flow, other)
    // A late head decides nothing about what the other direction is doing now, but for ending its head.
    if !isLate { messages.leaveHTTP(chunk.flow, other) }
  }

  /// Emits the event of a request and returns its place among those that wait for a response; nil when there is none.
  private mutating func takeRequest(
    _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ start: UInt32
  ) -> RequestIndex? {
    var event = ExchangeEvent(kind: .request)
    let request = PendingRequest(
      key: ExchangeKey(flow: chunk.flow), headStart: start,
      headEnd: head.length > 0 ? start &+ UInt32(head.length) : chunk.end,
      acknowledgement: chunk.acknowledgement, hasAcknowledgement: chunk.hasAcknowledgement,
      answer: AnsweredRequest(
        isHead: head.method.isHead, isConnect: head.method.isConnect, isUpgrade: head.upgrade),
      time: chunk.time, clock: clock)
    // Before the names: it may end an older request, and hand the batch on with all names in it.
    if let evicted = pairing.nextToEvict {
      counters.evictedRequests &+= 1
      end(evicted, as: .unknown)
    }
    if pairing.first(of: chunk.flow) != nil { needsWhole = true } else { streams.calm(chunk.flow) }
    let added = pairing.add(request, isAnswered: streams.isAnswered(chunk.flow))
    event.exchange = added
    if streams.noteRequest(chunk.flow, at: clock), let added {
      pairing.expectResponse(to: added, bodyLength: head.bodyLength)
    }
    let names = batch.names
    event.method = head.method
    event.time = chunk.time
    // SP HTTP/1.x follows the target.
    let minor = head.target.end &+ 8
    if minor < bytes.byteCount, bytes.byte(minor) == UInt8(ascii: "0") { event.version = .http10 }
    if head.method.isOther {
      event.methodName = name(
        PrintableName.append(
          bytes, Int(head.methodBytes.start), head.methodBytes.end, lowercased: false, to: names))
    }
    var site = SiteName.append(head, bytes, to: names)
    if site.count == 0 { site = appendServerAddress(chunk) }
    event.site = name(site)
    event.section = name(RequestTarget.appendSection(head, bytes, depth: limits.sectionDepth, to: names))
    if clients.isWanted { return appendForwarded(event, head, bytes, chunk) }
    event.client = client(chunk)
    batch.append(event)
    if batch.isDetailed { batch.describeRequest(head, bytes, ends(chunk)) }
    return added
  }

  /// Emits the event of a request whose client may have asked a proxy; apart, for those who look for it.
  @inline(never)
  private mutating func appendForwarded(
    _ event: ExchangeEvent, _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk
  ) -> RequestIndex? {
    var event = event
    let ends = ends(chunk)
    let found = clients.client(head, bytes, ends.from)
    event.client = name(of: found)
    batch.append(event)
    if batch.isDetailed {
      batch.describeRequest(head, bytes, ends)
      batch.describeClient(found, ends.from)
    }
    return event.exchange
  }

  /// Ends a request for which its connection had no room, in a call of its own: the names are in use until here.
  @inline(never)
  private mutating func endUnqueued(_ request: RequestIndex) {
    counters.evictedRequests &+= 1
    end(request, as: .unknown)
  }

  mutating func name(_ place: (start: Int, count: Int)) -> NameRange {
    guard place.count > 0 else { return NameRange() }
    let hash = NameHash.hash(batch.names.bytes(start: place.start, count: place.count), seed: seed)
    return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: hash)
  }

  /// The ends that a chunk travels between.
  mutating func ends(_ chunk: Chunk) -> ExchangeEnds {
    ends(chunk.flow, from: chunk.direction)
  }

  /// The ends that a message of a flow travels between.
  func ends(_ flow: FlowIndex, from direction: Direction) -> ExchangeEnds {
    let key = streams.key(of: flow)
    let a = Endpoint(high: key.aHigh, low: key.aLow, port: UInt16(truncatingIfNeeded: key.ports >> 16))
    let b = Endpoint(high: key.bHigh, low: key.bLow, port: UInt16(truncatingIfNeeded: key.ports))
    return direction == .forward ? ExchangeEnds(from: a, to: b) : ExchangeEnds(from: b, to: a)
  }

  /// The address that a request comes from, as a name.
  @inline(__always)
  mutating func client(_ chunk: Chunk) -> NameRange {
    let key = streams.key(of: chunk.flow)
    let isForward = chunk.direction == .forward
    let high = isForward ? key.aHigh : key.bHigh, low = isForward ? key.aLow : key.bLow
    return clientName(high: high, low: low)
  }

  /// An address as a name, sixteen bytes.
  @inline(__always)
  mutating func clientName(high: UInt64, low: UInt64) -> NameRange {
    let place = AddressName.appendBytes(high: high, low: low, to: batch.names)
    let hash = NameHash.fold(NameHash.fold(high ^ seed, 0xe703_7ed1_a0b4_28db) ^ low, 0xa076_1d64_78bd_642f)
    return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: hash)
  }

  mutating func appendServerAddress(_ chunk: Chunk) -> (start: Int, count: Int) {
    let key = streams.key(of: chunk.flow)
    return chunk.direction == .forward
      ? AddressName.append(high: key.bHigh, low: key.bLow, to: batch.names)
      : AddressName.append(high: key.aHigh, low: key.aLow, to: batch.names)
  }

  /// Emits the event of a response and returns what it answers; nil when nobody asked for it.
  private mutating func takeResponse(
    _ head: MessageHead, _ chunk: Chunk, _ reading: inout ChunkReading
  ) -> AnsweredRequest? {
    let request =
      reading.isDoubtful
      ? nil : request(answeredBy: chunk, headStart: reading.headStart, isInStep: reading.isInStep)
    var event = ExchangeEvent(kind: .unmatchedResponse)
    event.status = head.status
    event.outcome = .of(status: head.status)
    event.time = chunk.time
    let isInterim = head.status < 200 && head.status != 101
    var answered: AnsweredRequest?
    if let request {
      let answer = pairing.answer(to: request, at: chunk.time)
      answered = answer.answered
      event.latency = answer.latency
      event.exchange = request
      event.kind = .answered
    }
    if isInterim {
      counters.interim &+= 1
      event.kind = .interim
    } else if let request {
      counters.exchanges &+= 1
      streams.noteAnswer(pairing.flow(of: request))
      pairing.remove(request)
    } else {
      counters.unmatchedResponses &+= 1
      needsWhole = true
    }
    batch.append(event)
    if batch.isAttributed {
      batch.attribute(parties(of: chunk.flow, asking: chunk.direction.opposite))
    }
    return answered
  }

  /// The request that a response answers; nil when it is none that was seen.
  @inline(__always)
  mutating func request(answeredBy chunk: Chunk, headStart: UInt32, isInStep: Bool) -> RequestIndex? {
    let response = ResponseStart(
      key: ExchangeKey(flow: chunk.flow), sequence: headStart, acknowledgement: chunk.acknowledgement,
      hasAcknowledgement: chunk.hasAcknowledgement, isInStep: isInStep, lastSent: lastSent(to: chunk))
    while true {
      switch pairing.match(response) {
      case .answers(let request): return request
      case .overtook(let request): end(request, as: .unknown)
      case .tooEarly, .unsent: return nil
      case .unasked:
        // A response that was held back before the request under other addresses was read.
        guard streams.isFresh(chunk.flow), chunk.hasAcknowledgement else { return nil }
        return expectedRequest(sequence: headStart, acknowledgement: chunk.acknowledgement)
      }
    }
  }

  /// The number after the last byte that a response's client may have sent; nil when that is not known.
  @inline(__always)
  private func lastSent(to chunk: Chunk) -> UInt32? {
    let direction = chunk.direction.opposite, unread = messages.unread(chunk.flow, direction)
    guard unread < 1 << 30, let position = streams.position(of: chunk.flow, direction) else { return nil }
    return position &+ unread
  }

  /// Ends a request to which no final response came; one of a stream by what is known of that.
  mutating func end(_ request: RequestIndex, as end: RequestEnd) {
    let key = pairing.key(of: request)
    if key.stream != 0, let ended = frames.giveUp(request, on: key.stream, of: key.flow) {
      return self.end(ended, orElse: end, of: key.flow)
    }
    settle(request, as: end)
  }

  /// Ends a request whose time is over, unless its stream continues. Apart from `advance`, which every segment passes.
  @inline(never)
  mutating func endExpired(_ request: RequestIndex) {
    let key = pairing.key(of: request)
    let isUnderWay = key.stream != 0 && frames.isUnderWay(key.flow, key.stream)
    if isUnderWay { pairing.renew(request, at: clock) } else { end(request, as: .timedOut) }
  }

  /// Emits the end of a request without an outcome.
  private mutating func settle(
    _ request: RequestIndex, as end: RequestEnd, hasResponse: Bool = false, status: UInt16 = 0,
    isFailure: Bool = false
  ) {
    makeRoomInBatch()
    var event = ExchangeEvent(kind: end.event)
    event.exchange = request
    if pairing.key(of: request).stream != 0 { event.version = .http2 }
    event.time = clock
    event.hasResponse = hasResponse
    event.status = status
    if isFailure { event.outcome = .failure }
    if hasResponse { counters.unsettledResponses &+= 1 }
    switch end {
    case .aborted, .clientClosed:
      event.isClientClosed = end == .clientClosed
      counters.aborted &+= 1
    case .timedOut:
      event.time = pairing.timeout(of: request)
      counters.timedOut &+= 1
    case .unknown: counters.unknown &+= 1
    case .inFlight: break
    }
    let flow = pairing.flow(of: request)
    pairing.remove(request)
    batch.append(event)
    if batch.isAttributed { attribute(flow) }
  }

  /// Gives the last event the ends of a flow that has asked.
  private mutating func attribute(_ flow: FlowIndex) {
    guard let direction = messages.requestDirection(of: flow) else { return }
    batch.attribute(parties(of: flow, asking: direction))
  }

  /// The ends of a flow whose requests go in this direction.
  @inline(__always)
  func parties(of flow: FlowIndex, asking direction: Direction) -> ExchangeParties {
    let ends = ends(flow, from: direction)
    var parties = ExchangeParties(client: ends.from, server: ends.to)
    if let alias = streams.alias(of: (flow, direction)) {
      let ends = self.ends(alias.flow, from: alias.direction)
      (parties.otherClient, parties.otherServer) = (ends.from, ends.to)
    }
    return parties
  }

  /// Makes room for one more head's event and names.
  @inline(__always)
  mutating func makeRoomInBatch() {
    if batch.isNearlyFull { spillBatch() }
  }

  @inline(never)
  private mutating func spillBatch() {
    spill?(batch)
    batch.clear()
  }
}

// MARK: - HTTP/2

extension ExchangeTracker {
  /// Reads what HTTP/1 leaves of a chunk: frames, or what may be some.
  /// - Returns: Whether it is to be read as HTTP/1, since it holds no frames.
  @inline(never)
  private mutating func readRest(_ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading) -> Bool {
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
        return start == 0 && reading.outcome.heads == 0 && isClients
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
  private mutating func beginFrames(
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

  private mutating func beginFrames(_ flow: FlowIndex, requestsIn requests: Direction, first: FrameSender?) {
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
  private mutating func readStoredPreface(_ chunk: Chunk, _ stored: StoredHead) {
    guard let block = stored.block.index else { return }
    let pool = messages.storedBytes(stored)
    // Of the preface alone: what follows it is in the chunk.
    frames.readPreface(
      chunk.flow, pool.bytes(of: block, count: min(Int(stored.count), ConnectionPreface.length)))
  }

  /// Takes `101 Switching Protocols` to HTTP/2 into account (RFC 7540, section 3.2): it is an interim response, and the
  /// request is answered on stream 1. False, and nothing done, for any other response.
  @inline(never)
  private mutating func takeUpgrade(
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

  /// Emits the event of a stream's request and adds it to those that wait for a response.
  private mutating func addRequest(
    _ read: StreamRequest, _ fields: HeaderList, to connection: FrameConnection, _ chunk: Chunk
  ) {
    makeRoomInBatch()
    counters.requests &+= 1
    let request = PendingRequest(
      key: ExchangeKey(flow: chunk.flow, stream: read.stream), headStart: chunk.end, headEnd: chunk.end,
      acknowledgement: chunk.acknowledgement, hasAcknowledgement: chunk.hasAcknowledgement,
      answer: AnsweredRequest(isHead: read.method.isHead, isConnect: read.isTunnel, isUpgrade: false),
      time: chunk.time, clock: clock)
    // Before the names: it may end an older request, and hand the batch on with all names in it.
    if let evicted = pairing.nextToEvict {
      counters.evictedRequests &+= 1
      end(evicted, as: .unknown)
    }
    if let evicted = connection.makeRoom() {
      counters.evictedRequests &+= 1
      end(evicted, orElse: .unknown, of: chunk.flow)
    }
    var event = ExchangeEvent(kind: .request)
    event.version = .http2
    event.method = read.method
    event.time = chunk.time
    if let added = pairing.add(request, isAnswered: streams.isAnswered(chunk.flow)) {
      event.exchange = added
      connection.add(read, added)
    }
    _ = streams.noteRequest(chunk.flow, at: clock)
    let names = batch.names
    if read.call == .yes {
      event.call = .begun
      event.methodName = name(RequestBlock.appendCall(fields, to: names))
    } else if read.method.isOther {
      event.methodName = name(RequestBlock.appendMethod(fields, to: names))
    }
    var site = RequestBlock.appendSite(fields, to: names)
    if site.count == 0 { site = appendServerAddress(chunk) }
    event.site = name(site)
    event.section = name(
      RequestBlock.appendSection(fields, isTunnel: read.isTunnel, depth: limits.sectionDepth, to: names))
    let ends = ends(chunk)
    let found = clients.isWanted ? clients.client(fields, ends.from) : FoundClient(ends.from)
    event.client = name(of: found)
    batch.append(event)
    guard batch.isDetailed else { return }
    batch.describeRequest(fields, ends)
    batch.describeClient(found, ends.from)
  }

  /// Counts a response's head on a stream.
  private mutating func countResponse(_ step: FrameStep, _ chunk: Chunk) {
    makeRoomInBatch()
    counters.responses &+= 1
    switch step {
    case .response(let response):
      if response.isSecond { counters.interim &+= 1 } else { counters.openResponses &+= 1 }
      if response.isTunnel { counters.tunnels &+= 1 }
      if let ended = response.ended { end(ended, of: chunk.flow) }
    case .unmatched(let status) where status >= 200:
      counters.unmatchedResponses &+= 1
      appendResponse(.unmatchedResponse, status, nil, chunk)
    case .unmatched(let status):
      counters.interim &+= 1
      appendResponse(.interim, status, nil, chunk)
    case .interim(let status, let request):
      counters.interim &+= 1
      appendResponse(.interim, status, request, chunk)
    default: break
    }
  }

  /// Emits the event of a response that ends no exchange; there is room for it.
  private mutating func appendResponse(
    _ kind: ExchangeEvent.Kind, _ status: UInt16, _ request: RequestIndex?, _ chunk: Chunk
  ) {
    var event = ExchangeEvent(kind: kind)
    event.status = status
    event.outcome = .of(status: status)
    event.time = chunk.time
    event.exchange = request
    batch.append(event)
    guard batch.isDetailed else { return }
    let ends = ends(chunk)
    batch.describe(ExchangeDetail(client: ends.to, server: ends.from))
  }

  /// Emits the end of a stream's exchange.
  ///
  /// - Parameter reason: how it ended if it was given up.
  private mutating func end(_ ended: EndedStream, orElse reason: RequestEnd = .aborted, of flow: FlowIndex) {
    if ended.hasResponse { counters.openResponses &-= 1 }
    guard let request = ended.request.index else { return }
    switch ended.end {
    case .answered: break
    case .aborted:
      return settle(
        request, as: ended.isClients ? .clientClosed : reason, hasResponse: ended.hasResponse,
        status: ended.status,
        isFailure: ended.outcome == .failure)
    case .unknown:
      return settle(request, as: .unknown, hasResponse: ended.hasResponse, status: ended.status)
    }
    makeRoomInBatch()
    var event = ExchangeEvent(kind: .answered)
    event.version = .http2
    event.status = ended.status
    event.outcome = ended.outcome
    event.call = ended.call
    event.exchange = request
    event.time = ended.responseTime
    event.latency = pairing.answer(to: request, at: event.time).latency
    streams.noteAnswer(flow)
    pairing.remove(request)
    counters.exchanges &+= 1
    batch.append(event)
    if batch.isAttributed { attribute(flow) }
    guard batch.isDetailed else { return }
    let ends = ends(flow, from: messages.requestDirection(of: flow) ?? .forward)
    var detail = ExchangeDetail(client: ends.from, server: ends.to)
    (detail.isBodyKnown, detail.bodyBytes) = (ended.isBodyKnown, ended.bodyBytes)
    batch.describe(detail)
  }
}
