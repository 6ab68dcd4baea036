// SPDX-License-Identifier: Apache-2.0
import System
import Capture
import Exchanges
import ExchangeStream
import Foundation
import HTTP1
import Synchronization
import Testing

@Suite struct ExchangeQueueTests {
  @Test(arguments: [1, 3])
  func `several workers and one reader: what is not read was dropped, and nothing is torn`(workers: Int) {
    let rounds = 20_000
    let stream = ExchangeReader(workers: workers, pendingExchanges: 64, queueCapacity: 128, underWay: 64)
    stream.listen()
    let running = Atomics(workers)
    for writer in stream.writers {
      let worker = Worker(writer)
      Thread.detachNewThread {
        worker.run(rounds)
        running.count.subtract(1, ordering: .releasing)
      }
    }
    var record = ExchangeRecord()
    var read = 0
    var torn = 0
    while true {
      let isOver = running.count.load(ordering: .acquiring) == 0
      while stream.next(into: &record) {
        read += 1
        // Each record says the same number in each of its texts and in its size.
        let number = "\(record.facts.bodyBytes)"
        if record.target != "/\(number)" || record.userAgent != "agent \(number)"
          || record.site != "s" + number
        {
          torn += 1
        }
      }
      if isOver { break }
    }
    #expect(torn == 0)
    #expect(read > 0)
    #expect(UInt64(read) + stream.dropped == UInt64(rounds * workers))
  }
}

/// A worker of its own thread.
private final class Worker: @unchecked Sendable {
  // Sendable because one thread alone uses it.
  private let writer: ExchangeWriter
  init(_ writer: ExchangeWriter) { self.writer = writer }

  func run(_ rounds: Int) {
    var tracker = ExchangeTracker(limits: ExchangeLimits(), depth: .streams, seed: 1)
    tracker.batch.isDetailed = true
    var talk = Talk()
    talk.open(&tracker)
    for number in 0..<rounds {
      talk.ask("GET /\(number) HTTP/1.1\r\nHost: s\(number)\r\nUser-Agent: agent \(number)\r\n\r\n", &tracker)
      talk.answer("HTTP/1.1 200 OK\r\nContent-Length: \(number)\r\n\r\n", skipping: number, &tracker)
      writer.record(tracker.batch)
      tracker.batch.clear()
    }
  }
}

/// Counts the threads that still run.
private final class Atomics: Sendable {
  let count: Atomic<Int>
  init(_ count: Int) { self.count = Atomic(count) }
}

/// One connection whose bodies are not captured.
private struct Talk {
  private var time = Followed.start
  private var clientNext: UInt32 = 1, serverNext: UInt32 = 1

  func open(_ tracker: inout ExchangeTracker) {
    for isClient in [true, false] {
      tracker.process(
        Segment(
          time: time, source: isClient ? Followed.client : Followed.server,
          destination: isClient ? Followed.server : Followed.client, sequence: 1,
          acknowledgement: isClient ? 0 : 1, payloadLength: 0, flags: isClient ? .syn : [.syn, .ack],
          kind: .stream), RawSpan())
    }
  }

  mutating func ask(_ text: String, _ tracker: inout ExchangeTracker) {
    send(true, text, 0, &tracker)
  }

  mutating func answer(_ text: String, skipping body: Int, _ tracker: inout ExchangeTracker) {
    send(false, text, body, &tracker)
  }

  private mutating func send(
    _ isClient: Bool, _ text: String, _ body: Int, _ tracker: inout ExchangeTracker
  ) {
    let bytes = Array(text.utf8)
    let length = UInt32(bytes.count + body)
    tracker.process(
      Segment(
        time: time, source: isClient ? Followed.client : Followed.server,
        destination: isClient ? Followed.server : Followed.client,
        sequence: isClient ? clientNext : serverNext, acknowledgement: isClient ? serverNext : clientNext,
        payloadLength: length, flags: [.ack, .psh], kind: .stream), bytes.rawSpan)
    if isClient { clientNext &+= length } else { serverNext &+= length }
    time += 1_000
  }
}
