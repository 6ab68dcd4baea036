// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import HTTP2
import System

/// What a stream of HTTP/2 brings becomes events.
extension ExchangeTracker {
  /// Emits the event of a stream's request and adds it to those that wait for a response.
  mutating func addRequest(
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
    let found = clients.isWanted ? clients.client(fields, ends.from, of: chunk.flow) : FoundClient(ends.from)
    event.client = name(of: found)
    batch.append(event)
    guard batch.isDetailed else { return }
    batch.describeRequest(fields, ends)
    batch.describeClient(found, ends.from)
  }

  /// Counts a response's head on a stream.
  mutating func countResponse(_ step: FrameStep, _ chunk: Chunk) {
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
  mutating func appendResponse(
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
  mutating func end(_ ended: EndedStream, orElse reason: RequestEnd = .aborted, of flow: FlowIndex) {
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
