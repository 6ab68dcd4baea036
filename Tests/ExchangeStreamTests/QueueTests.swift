// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import ExchangeStream
import Foundation
import Synchronization
import System
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
    var talk = Dialogue()
    talk.open()
    for number in 0..<rounds {
      talk.ask(get("/\(number)", host: "s\(number)", more: "User-Agent: agent \(number)\r\n"))
      // Of the body nothing is captured.
      talk.answer("HTTP/1.1 200 OK\r\nContent-Length: \(number)\r\n\r\n", uncaptured: number)
      for packet in talk.packets { tracker.process(packet.segment, packet.payload.rawSpan) }
      talk.packets.removeAll(keepingCapacity: true)
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
