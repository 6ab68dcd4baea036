// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import HTTP1
import Text
import System

/// What a tracker made of some packets.
struct Account: Equatable {
  var requests: [String: Int] = [:]
  var answers: [String: Int] = [:]
  var unmatchedResponses: [UInt16: Int] = [:]
  var interim: [UInt16: Int] = [:]
  var methods: [String: Int] = [:]
  var aborted = 0
  /// Of `aborted`, those whose client had closed.
  var clientClosed = 0
  /// Of `aborted`, those that the server reset.
  var resets = 0
  var timedOut = 0
  /// Requests that wait when the packets have ended.
  var inFlight = 0
  /// Ends without a known outcome, by request and status.
  var unknown: [String: Int] = [:]
  var outcomes: [String: Int] = [:]
  var versions: [String: Int] = [:]
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
    tracker.finish()
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
        versions[event.version.name, default: 0] += 1
        methods[
          event.method == .other ? Self.text(batch, event.methodName) : event.method.name, default: 0] += 1
      case .answered:
        answers["\(names[event.exchange] ?? "?") \(event.status)", default: 0] += 1
        outcomes["\(names[event.exchange] ?? "?") \(event.outcome)", default: 0] += 1
        latencies.append(event.latency)
      case .unmatchedResponse: unmatchedResponses[event.status, default: 0] += 1
      case .interim: interim[event.status, default: 0] += 1
      case .aborted:
        aborted += 1
        if event.isClientClosed { clientClosed += 1 }
        if event.outcome == .failure { resets += 1 }
      case .timedOut: timedOut += 1
      case .unknown: unknown["\(names[event.exchange] ?? "?") \(event.status)", default: 0] += 1
      case .inFlight: inFlight += 1
      }
    }
  }

  private static func text(_ batch: borrowing EventBatch, _ range: NameRange) -> String {
    let bytes = batch.names.bytes(start: Int(range.start), count: Int(range.count))
    var text = [UInt8]()
    for index in 0..<bytes.byteCount { text.append(bytes.byte(index)) }
    return String(decoding: text, as: UTF8.self)
  }

  var unknownCount: Int { unknown.values.reduce(0, +) }

  /// Requests without a final response, however they ended.
  var unanswered: Int { aborted + timedOut + unknownCount + inFlight }

  /// Whether every segment is in one class and every head in one place, and every request has ended in one way.
  var isBalanced: Bool {
    let c = counters
    return c.delivered == c.headSegments + c.continuations + c.duplicates + c.unparseable + c.falseHeads
      + c.otherSegments
      && c.requests + c.responses == c.headSegments + c.pipelinedHeads
      && c.responses == c.exchanges + c.unmatchedResponses + c.interim + c.unsettledResponses
      && c.openResponses == 0
      && c.aborted == aborted && c.timedOut == timedOut && c.unknown == unknownCount
      && c.inFlight == inFlight
  }

  /// The same without what may depend on the order of arrival.
  var totals: Account {
    var copy = self
    copy.latencies = []
    copy.counters = ExchangeCounters()
    return copy
  }
}
