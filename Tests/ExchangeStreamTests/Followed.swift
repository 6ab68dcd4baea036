// SPDX-License-Identifier: Apache-2.0
import System
import Capture
import Exchanges
import ExchangeStream
import HTTP1

/// One connection's conversation and the exchange stream that follows it.
struct Followed: ~Copyable {
  static let start: UInt64 = 1_700_000_000_000_000_000, step: UInt64 = 1_000_000
  static let client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
  static let server = Endpoint(ipv4: 0x0a00_0002, port: 80)

  let stream: ExchangeReader
  private var tracker: ExchangeTracker
  private var time = Followed.start
  private var clientNext: UInt32 = 1_000, serverNext: UInt32 = 5_000

  init(queueCapacity: Int = 64, underWay: Int = 64, depth: CaptureDepth = .streams) {
    var limits = ExchangeLimits.file
    limits.pendingRequests = 64
    tracker = ExchangeTracker(limits: limits, depth: depth, seed: 7)
    stream = ExchangeReader(
      workers: 1, pendingExchanges: limits.pendingRequests, queueCapacity: queueCapacity, underWay: underWay)
    open()
    listen(true)
  }

  /// Takes what the reader can read now.
  func taken() -> [ExchangeRecord] {
    var records: [ExchangeRecord] = []
    var record = ExchangeRecord()
    while stream.next(into: &record) { records.append(record) }
    return records
  }

  var dropped: UInt64 { stream.dropped }

  mutating func listen(_ isWanted: Bool) {
    stream.listen(isWanted)
    tracker.batch.isDetailed = stream.writers[0].isWanted
    if !isWanted { stream.writers[0].forget() }
  }

  mutating func ask(_ text: String) { send(true, Array(text.utf8)) }
  mutating func answer(_ text: String) { send(false, Array(text.utf8)) }

  /// A request for `path` and its answer.
  mutating func exchange(_ path: String) {
    ask("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
  }

  mutating func finish() {
    tracker.finish(isOver: true)
    record()
  }

  /// The handshake, a moment before the first request.
  private mutating func open() {
    for isClient in [true, false] {
      tracker.process(
        Segment(
          time: time - Self.step, source: isClient ? Self.client : Self.server,
          destination: isClient ? Self.server : Self.client, sequence: isClient ? clientNext : serverNext,
          acknowledgement: isClient ? 0 : clientNext, payloadLength: 0,
          flags: isClient ? .syn : [.syn, .ack],
          kind: .stream), RawSpan())
    }
  }

  private mutating func send(_ isClient: Bool, _ bytes: [UInt8]) {
    tracker.process(
      Segment(
        time: time, source: isClient ? Self.client : Self.server,
        destination: isClient ? Self.server : Self.client, sequence: isClient ? clientNext : serverNext,
        acknowledgement: isClient ? serverNext : clientNext, payloadLength: UInt32(bytes.count),
        flags: [.ack, .psh], kind: .stream), bytes.rawSpan)
    if isClient { clientNext += UInt32(bytes.count) } else { serverNext += UInt32(bytes.count) }
    time += Self.step
    record()
  }

  private mutating func record() {
    if tracker.batch.isDetailed { stream.writers[0].record(tracker.batch) }
    tracker.batch.clear()
  }
}
