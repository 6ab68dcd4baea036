// SPDX-License-Identifier: Apache-2.0
import Delivery
import Testing

/// The program's side, against the other end of the socket.
@Suite struct CourierTests {
  static func message(_ number: Int) -> CourierMessage {
    var message = CourierMessage()
    message["rule"] = "\(number)"
    return message
  }

  static func report(_ fields: [(String, String)]) -> CourierMessage {
    var report = CourierMessage()
    for (name, value) in fields { report[name] = value }
    return report
  }

  private static func courier() throws -> (Courier, CourierSocket) {
    let (ours, theirs) = try CourierSocket.pair()
    let courier = Courier(.command("x"), timeout: 5, socket: ours)
    guard case .message(let orders) = theirs.receive(timeout: 0) else { throw CancellationError() }
    #expect(orders["command"] == "x" && orders["timeout"] == "5")
    return (courier, theirs)
  }

  @Test func `one message at a time, the next one when the courier is ready`() throws {
    let (courier, other) = try Self.courier()
    for number in 0..<3 { courier.send(Self.message(number)) }
    #expect(courier.pending == 3)
    #expect(other.receive(timeout: 0) == .message(Self.message(0)))
    #expect(other.receive(timeout: 0) == .nothing)
    _ = other.send(Self.report([("done", "1"), ("ready", "1")]))
    #expect(!courier.look())
    #expect(other.receive(timeout: 0) == .message(Self.message(1)))
    #expect(courier.delivered == 1 && courier.pending == 2 && courier.warning == nil)
  }

  @Test func `a courier that hangs holds up nothing, and the oldest messages give way`() throws {
    let (courier, other) = try Self.courier()
    for number in 0..<100 { courier.send(Self.message(number)) }
    // One is on its way, 64 wait.
    #expect(courier.pending == 65 && courier.dropped == 35)
    #expect(courier.warning == "--on-alert: 35 given up")
    #expect(other.receive(timeout: 0) == .message(Self.message(0)))
    _ = other.send(Self.report([("ready", "1"), ("fault", "exit status 1")]))
    #expect(courier.look())
    #expect(other.receive(timeout: 0) == .message(Self.message(36)))
    #expect(courier.warning == "--on-alert: exit status 1; 1 of 1 failed; 35 given up")
  }

  @Test func `a fault is told when it changes, and taken back when it works again`() throws {
    let (courier, other) = try Self.courier()
    _ = other.send(Self.report([("fault", "a")]))
    #expect(courier.look() && courier.fault == "a")
    _ = other.send(Self.report([("fault", "a")]))
    #expect(!courier.look() && courier.failed == 2)
    _ = other.send(Self.report([("done", "1")]))
    #expect(courier.look() && courier.fault == nil && courier.warning == nil)
  }

  @Test func `a courier that has died is told, and nothing waits for it`() throws {
    var ends: (CourierSocket, CourierSocket)? = try CourierSocket.pair()
    let ours = try #require(ends?.0)
    let courier = Courier(
      .alertmanager(url: "http://a", instance: "i", interface: "eth0"), timeout: 5, socket: ours)
    ends = nil
    courier.send(Self.message(1))
    courier.look()
    #expect(courier.fault == "its process has ended" && courier.pending == 0)
    #expect(courier.warning?.hasPrefix("--alertmanager http://a: its process has ended") == true)
    courier.send(Self.message(2))
    courier.release()
  }
}
