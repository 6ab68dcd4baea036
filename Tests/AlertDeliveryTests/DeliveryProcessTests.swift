// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AlertDelivery

/// The program's side, against the other end of the socket.
@Suite struct DeliveryProcessTests {
  static func message(_ number: Int) -> DeliveryMessage {
    var message = DeliveryMessage()
    message["rule"] = "\(number)"
    return message
  }

  static func report(_ fields: [(String, String)]) -> DeliveryMessage {
    var report = DeliveryMessage()
    for (name, value) in fields { report[name] = value }
    return report
  }

  private static func process() throws -> (DeliveryProcess, DeliverySocket) {
    let (ours, theirs) = try DeliverySocket.pair()
    let process = DeliveryProcess(.command("x"), timeout: 5, socket: ours)
    guard case .message(let orders) = theirs.receive(timeout: 0) else { throw CancellationError() }
    #expect(orders["command"] == "x" && orders["timeout"] == "5")
    return (process, theirs)
  }

  @Test func `one message at a time, the next one when the delivery process is ready`() throws {
    let (process, other) = try Self.process()
    for number in 0..<3 { process.send(Self.message(number)) }
    #expect(process.pending == 3)
    #expect(other.receive(timeout: 0) == .message(Self.message(0)))
    #expect(other.receive(timeout: 0) == .nothing)
    _ = other.send(Self.report([("done", "1"), ("ready", "1")]))
    #expect(!process.poll())
    #expect(other.receive(timeout: 0) == .message(Self.message(1)))
    #expect(process.delivered == 1 && process.pending == 2 && process.warning == nil)
  }

  @Test func `a delivery process that hangs holds up nothing, and the oldest messages give way`() throws {
    let (process, other) = try Self.process()
    for number in 0..<100 { process.send(Self.message(number)) }
    // One is on its way, 64 wait.
    #expect(process.pending == 65 && process.dropped == 35)
    #expect(process.warning == "--on-alert: 35 dropped")
    #expect(other.receive(timeout: 0) == .message(Self.message(0)))
    _ = other.send(Self.report([("ready", "1"), ("fault", "exit status 1")]))
    #expect(process.poll())
    #expect(other.receive(timeout: 0) == .message(Self.message(36)))
    #expect(process.warning == "--on-alert: exit status 1; 1 of 1 failed; 35 dropped")
  }

  private static func collector() throws -> (DeliveryProcess, DeliverySocket) {
    let (ours, theirs) = try DeliverySocket.pair()
    let process = DeliveryProcess(.collector(url: "http://a"), timeout: 5, socket: ours)
    guard case .message = theirs.receive(timeout: 0) else { throw CancellationError() }
    return (process, theirs)
  }

  private static func posted(_ signal: OTLPSignal, _ number: Int) -> DeliveryMessage {
    DeliveryMessage(signal, body: Array("\(number)".utf8))
  }

  @Test func `alerts go to a collector ahead of the metrics that wait, in their own order`() throws {
    let (process, other) = try Self.collector()
    for number in 0..<3 { process.send(Self.posted(.metrics, number)) }
    for number in 3..<5 { process.send(Self.posted(.logs, number)) }
    var order = [DeliveryMessage]()
    while case .message(let message) = other.receive(timeout: 0) {
      order.append(message)
      _ = other.send(Self.report([("done", "1"), ("ready", "1")]))
      process.poll()
    }
    #expect(
      order == [
        Self.posted(.metrics, 0), Self.posted(.logs, 3), Self.posted(.logs, 4), Self.posted(.metrics, 1),
        Self.posted(.metrics, 2),
      ])
    #expect(process.pending == 0 && process.delivered == 5)
  }

  @Test func `a collector that has metrics to try again is handed alerts alone`() throws {
    let (process, other) = try Self.collector()
    process.send(Self.posted(.metrics, 0))
    process.send(Self.posted(.metrics, 1))
    #expect(other.receive(timeout: 0) == .message(Self.posted(.metrics, 0)))
    _ = other.send(Self.report([("ready", "urgent"), ("owes", "1")]))
    process.poll()
    #expect(other.receive(timeout: 0) == .nothing && process.pending == 2)
    process.send(Self.posted(.logs, 2))
    #expect(other.receive(timeout: 0) == .message(Self.posted(.logs, 2)))
    _ = other.send(Self.report([("done", "1"), ("ready", "urgent"), ("owes", "1")]))
    process.poll()
    #expect(other.receive(timeout: 0) == .nothing)
    _ = other.send(Self.report([("fault", "it answered 503"), ("ready", "1"), ("owes", "0")]))
    process.poll()
    #expect(other.receive(timeout: 0) == .message(Self.posted(.metrics, 1)))
  }

  @Test func `where there is no room for all, metrics give way to alerts`() throws {
    let (process, other) = try Self.collector()
    process.send(Self.posted(.metrics, 0))
    for number in 0..<64 { process.send(Self.posted(.metrics, number)) }
    for number in 0..<70 { process.send(Self.posted(.logs, number)) }
    process.send(Self.posted(.metrics, 64))
    // All metrics gave way, and of 70 alerts the oldest six; the last metrics found alerts alone.
    #expect(process.dropped == 64 + 6 + 1)
    #expect(other.receive(timeout: 0) == .message(Self.posted(.metrics, 0)))
    _ = other.send(Self.report([("done", "1"), ("ready", "1")]))
    process.poll()
    #expect(other.receive(timeout: 0) == .message(Self.posted(.logs, 6)))
  }

  @Test func `a change that is found while a message is sent is reported by the next poll`() throws {
    let (process, other) = try Self.process()
    process.send(Self.message(0))
    _ = other.send(Self.report([("ready", "1"), ("fault", "a")]))
    process.send(Self.message(1))
    #expect(process.fault == "a" && process.poll() && !process.poll())
    _ = other.send(Self.report([("ready", "1"), ("done", "1")]))
    process.send(Self.message(2))
    #expect(process.fault == nil && process.poll() && !process.poll())
  }

  @Test func `a fault is reported when it changes, and withdrawn when it works again`() throws {
    let (process, other) = try Self.process()
    _ = other.send(Self.report([("fault", "a")]))
    #expect(process.poll() && process.fault == "a")
    _ = other.send(Self.report([("fault", "a")]))
    #expect(!process.poll() && process.failed == 2)
    _ = other.send(Self.report([("done", "1")]))
    #expect(process.poll() && process.fault == nil && process.warning == nil)
  }

  @Test func `a delivery process that has died is reported, and nothing waits for it`() throws {
    var ends: (DeliverySocket, DeliverySocket)? = try DeliverySocket.pair()
    let ours = try #require(ends?.0)
    let process = DeliveryProcess(
      .alertmanager(url: "http://a", instance: "i", interface: "eth0"), timeout: 5, socket: ours)
    ends = nil
    process.send(Self.message(1))
    process.poll()
    #expect(process.fault == "delivery process exited" && process.pending == 0)
    #expect(process.warning?.hasPrefix("--alertmanager http://a: delivery process exited") == true)
    process.send(Self.message(2))
    process.release()
  }
}
