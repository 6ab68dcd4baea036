// SPDX-License-Identifier: Apache-2.0
import HTTP1
import Capture
import Exchanges
import System

/// A TCP conversation as a list of segments, for tests: texts go back and forth, numbers follow.
struct Dialogue {
  struct Packet {
    var segment: Segment
    var payload: [UInt8]
  }

  var packets: [Packet] = []
  var client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
  var server = Endpoint(ipv4: 0x0a00_0002, port: 80)
  var clientNext: UInt32
  var serverNext: UInt32
  var time: UInt64 = 1_000_000_000_000
  /// Nanoseconds between packets.
  var step: UInt64 = 1_000_000
  /// `stream` for depth `streams`; at depth `heads` the kind is found out as the kernel does.
  var depth: CaptureDepth

  init(
    depth: CaptureDepth = .streams, clientPort: UInt16 = 40_000, clientStart: UInt32 = 1_000,
    serverStart: UInt32 = 5_000
  ) {
    self.depth = depth
    client.port = clientPort
    clientNext = clientStart
    serverNext = serverStart
  }

  mutating func open() {
    add(fromClient: true, [], flags: [.syn], sequence: clientNext, acknowledgement: 0)
    add(fromClient: false, [], flags: [.syn, .ack], sequence: serverNext, acknowledgement: clientNext)
  }

  /// The client sends `text`, in segments of at most `size` bytes.
  mutating func ask(_ text: String, size: Int = .max) { send(true, Array(text.utf8), size) }

  /// The server sends `text`, in segments of at most `size` bytes.
  mutating func answer(_ text: String, size: Int = .max) { send(false, Array(text.utf8), size) }

  mutating func send(_ fromClient: Bool, _ bytes: [UInt8], _ size: Int = .max) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(size))
      rest = rest.dropFirst(part.count)
      add(
        fromClient: fromClient, part, flags: [.ack, .psh], sequence: fromClient ? clientNext : serverNext,
        acknowledgement: fromClient ? serverNext : clientNext)
      if fromClient { clientNext &+= UInt32(part.count) } else { serverNext &+= UInt32(part.count) }
    }
  }

  mutating func close() {
    add(fromClient: true, [], flags: [.fin, .ack], sequence: clientNext, acknowledgement: serverNext)
    add(fromClient: false, [], flags: [.fin, .ack], sequence: serverNext, acknowledgement: clientNext &+ 1)
  }

  private mutating func add(
    fromClient: Bool, _ payload: [UInt8], flags: Segment.Flags, sequence: UInt32, acknowledgement: UInt32
  ) {
    let segment = Segment(
      time: time, source: fromClient ? client : server, destination: fromClient ? server : client,
      sequence: sequence, acknowledgement: acknowledgement, payloadLength: UInt32(payload.count),
      flags: flags,
      kind: depth == .streams ? .stream : .start)
    packets.append(Packet(segment: segment, payload: payload))
    time += step
  }
}

/// What a tracker made of some packets.
struct Account: Equatable {
  var requests: [String: Int] = [:]
  var answers: [String: Int] = [:]
  var unmatchedResponses: [UInt16: Int] = [:]
  var interim: [UInt16: Int] = [:]
  var methods: [String: Int] = [:]
  var unanswered = 0
  var counters = ExchangeCounters()
  var latencies: [UInt64] = []

  init(_ packets: [Dialogue.Packet], depth: CaptureDepth = .streams, limits: ExchangeLimits = .file) {
    var tracker = ExchangeTracker(limits: limits, depth: depth, seed: 7)
    var names: [RequestIndex?: String] = [:]
    for packet in packets {
      tracker.process(packet.segment, packet.payload.rawSpan)
      note(tracker.batch, &names)
      tracker.batch.clear()
    }
    tracker.finish(isOver: true)
    note(tracker.batch, &names)
    counters = tracker.counters
  }

  private mutating func note(_ batch: borrowing EventBatch, _ names: inout [RequestIndex?: String]) {
    for index in 0..<batch.count {
      let event = batch[index]
      switch event.kind {
      case .request:
        let name = Self.text(batch, event.site) + " " + Self.text(batch, event.section)
        requests[name, default: 0] += 1
        names[event.exchange] = name
        methods[
          event.method == .other ? Self.text(batch, event.methodName) : event.method.name, default: 0] += 1
      case .answered:
        answers["\(names[event.exchange] ?? "?") \(event.status)", default: 0] += 1
        latencies.append(event.latency)
      case .unmatchedResponse: unmatchedResponses[event.status, default: 0] += 1
      case .interim: interim[event.status, default: 0] += 1
      case .unanswered: unanswered += 1
      }
    }
  }

  private static func text(_ batch: borrowing EventBatch, _ range: NameRange) -> String {
    let bytes = batch.names.bytes(start: Int(range.start), count: Int(range.count))
    var text = [UInt8]()
    for index in 0..<bytes.byteCount { text.append(bytes.byte(index)) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Whether every segment is in one class and every head in one place.
  var isBalanced: Bool {
    let c = counters
    return c.delivered == c.headSegments + c.continuations + c.duplicates + c.unparseable + c.falseHeads
      + c.otherSegments
      && c.requests + c.responses == c.headSegments + c.pipelinedHeads
      && c.responses == c.exchanges + c.unmatchedResponses + c.interim
  }

  /// The same without what may depend on the order of arrival.
  var totals: Account {
    var copy = self
    copy.latencies = []
    copy.counters = ExchangeCounters()
    return copy
  }
}

func get(_ path: String, host: String = "a.example", more: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(more)\r\n"
}

func ok(_ body: String = "", status: String = "200 OK", more: String = "") -> String {
  "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
}
