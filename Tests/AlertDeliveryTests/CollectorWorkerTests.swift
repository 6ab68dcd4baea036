// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

@testable import AlertDelivery

/// What becomes of a request that a collector answers in every odd way.
@Suite struct CollectorWorkerTests {
  /// The report of one request, the last post, and how many tries it took, of three at most.
  private func deliver(
    _ manner: OddServer.Manner, _ signal: OTLPSignal = .metrics, message: DeliveryMessage? = nil
  ) throws -> (report: DeliveryMessage?, post: String, tries: Int) {
    _ = Glibc.signal(SIGPIPE, SIG_IGN)
    let server = OddServer(manner)
    defer { server.stop() }
    let (ours, theirs) = try DeliverySocket.pair()
    let address = try PostAddress.collector("http://127.0.0.1:\(server.port)/otlp/")
    Thread.detachNewThread {
      CollectorWorker(
        address: address, poster: Poster(), timeout: 20_000_000_000, socket: theirs, pauses: [0, 0]
      ).run()
    }
    #expect(ours.send(message ?? DeliveryMessage(signal, body: Array("{}".utf8)), timeout: 20_000))
    while case .message(let report) = ours.receive(timeout: 60_000) {
      // What only asks for an alert comes ahead of the end.
      if report["done"] == nil, report["fault"] == nil {
        #expect(report["ready"] == "urgent" && report["owes"] == "1")
        continue
      }
      return (report, server.post, server.connections)
    }
    return (nil, server.post, server.connections)
  }

  @Test(arguments: [OTLPSignal.metrics, .logs])
  func `a request goes to its signal's path, once`(signal: OTLPSignal) throws {
    let (report, post, tries) = try deliver(.says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), signal)
    #expect(report?["done"] == "1" && report?["ready"] == "1" && report?["fault"] == nil)
    #expect(post.hasPrefix("POST /otlp/v1/\(signal.rawValue) HTTP/1.1\r\n") && post.hasSuffix("\r\n\r\n{}"))
    #expect(tries == 1)
  }

  @Test(arguments: [
    #"{"partialSuccess":{"rejectedDataPoints":"0","errorMessage":"old names"}}"#,
    #"{"partialSuccess":{"rejectedLogRecords":0}}"#, #"{"partialSuccess":{}}"#,
  ])
  func `a warning beside what was accepted is no fault`(answer: String) throws {
    let length = answer.utf8.count
    let delivered = try deliver(.says("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n\(answer)"))
    #expect(delivered.report?["done"] == "1" && delivered.report?["fault"] == nil)
  }

  @Test func `a message without a request is a fault, and nothing is posted`() throws {
    let delivered = try deliver(.closes, message: DeliveryProcessTests.message(1))
    #expect(delivered.report?["fault"] == "a request was longer than a message may be")
    #expect(delivered.report?["ready"] == "1" && delivered.tries == 0)
  }

  @Test(arguments: [
    (#"{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"no"}}"#, 1),
    (#"{"partialSuccess":{"rejectedLogRecords":"1"}}"#, 1),
  ])
  func `a part that was refused is reported, and not sent again`(answer: String, tries: Int) throws {
    let length = answer.utf8.count
    let delivered = try deliver(.says("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n\(answer)"))
    #expect(delivered.report?["fault"] == "it refused a part: \(answer)")
    #expect(delivered.tries == tries)
  }

  @Test(arguments: [
    (OddServer.Manner.says("HTTP/1.1 503 Busy\r\n\r\nlater"), "it answered 503: later", 3),
    (.says("HTTP/1.1 429 Slow\r\n\r\n"), "it answered 429", 3),
    (.says(""), "connection closed without an answer", 3),
    (.says("HTTP/1.1 400 Bad\r\n\r\nnot OTLP"), "it answered 400: not OTLP", 1),
    (.says("HTTP/1.1 404 No\r\n\r\n"), "it answered 404", 1),
  ])
  func `what may pass is tried again, and what will not is reported at once`(
    manner: OddServer.Manner, fault: String, tries: Int
  ) throws {
    let delivered = try deliver(manner)
    #expect(delivered.report?["fault"] == fault && delivered.report?["ready"] == "1")
    #expect(delivered.tries == tries)
  }

  @Test func `an alert is posted while metrics wait for their next try`() throws {
    _ = Glibc.signal(SIGPIPE, SIG_IGN)
    let server = OddServer(.says("HTTP/1.1 503 Busy\r\n\r\n"))
    defer { server.stop() }
    let (ours, theirs) = try DeliverySocket.pair()
    let address = try PostAddress.collector("http://127.0.0.1:\(server.port)")
    Thread.detachNewThread {
      // The alert is tried once, and the metrics again in an hour.
      CollectorWorker(
        address: address, poster: Poster(), timeout: 20_000_000_000, socket: theirs, pauses: [3_600]
      ).run()
    }
    #expect(ours.send(DeliveryMessage(.metrics, body: Array("metrics".utf8)), timeout: 20_000))
    guard case .message(let asking) = ours.receive(timeout: 60_000) else {
      Issue.record("the worker asks for nothing")
      return
    }
    #expect(asking["ready"] == "urgent" && asking["owes"] == "1")
    #expect(asking["done"] == nil && asking["fault"] == nil)
    #expect(ours.send(DeliveryMessage(.logs, body: Array("alert".utf8)), timeout: 20_000))
    let end = ContinuousClock.now + .seconds(60)
    while !server.post.hasSuffix("alert"), ContinuousClock.now < end { usleep(10_000) }
    #expect(server.post.hasPrefix("POST /v1/logs ") && server.post.hasSuffix("alert"))
  }

  @Test(arguments: ["https://", "ftp://a", "a:4318", "http://", "http://u:p@a", "http://a?x"])
  func `a URL that is no collector's is refused in words`(url: String) {
    let fault = #expect(throws: PostAddress.Fault.self) { try PostAddress.collector(url) }
    #expect(fault?.description.hasPrefix("invalid collector URL '\(url)': ") == true)
  }
}
