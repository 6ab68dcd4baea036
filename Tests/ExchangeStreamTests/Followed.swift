// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import ExchangeStream
import HTTP1
import System

/// One connection's conversation and the exchange stream that follows it.
struct Followed: ~Copyable {
  static let start: UInt64 = 1_700_000_000_000_000_000, step: UInt64 = 1_000_000
  static let client = Dialogue().client, server = Dialogue().server

  let stream: ExchangeReader
  private var tracker: ExchangeTracker
  private var talk = Dialogue()

  init(queueCapacity: Int = 64, underWay: Int = 64, depth: CaptureDepth = .streams, labels: LabelClock? = nil)
  {
    var limits = ExchangeLimits.file
    limits.pendingRequests = 64
    tracker = ExchangeTracker(limits: limits, depth: depth, seed: 7)
    stream = ExchangeReader(
      workers: 1, pendingExchanges: limits.pendingRequests, labels: labels, queueCapacity: queueCapacity,
      underWay: underWay)
    // The handshake, a moment before the first request.
    talk.time = Self.start - 2 * Self.step
    talk.open()
    process()
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
    stream.listen(isWanted ? .all : .none)
    tracker.batch.isDetailed = stream.writers[0].isWanted
    if !isWanted { stream.writers[0].forget() }
  }

  mutating func ask(_ text: String) {
    talk.ask(text)
    process()
  }

  mutating func answer(_ text: String) {
    talk.answer(text)
    process()
  }

  /// A request for `path` and its answer.
  mutating func exchange(_ path: String) {
    ask(get(path, host: "a"))
    answer(ok())
  }

  mutating func finish() {
    tracker.finish()
    record()
  }

  private mutating func process() {
    for packet in talk.packets { tracker.process(packet.segment, packet.payload.rawSpan) }
    talk.packets.removeAll(keepingCapacity: true)
    record()
  }

  private mutating func record() {
    if tracker.batch.isDetailed { stream.writers[0].record(tracker.batch) }
    tracker.batch.clear()
  }
}
