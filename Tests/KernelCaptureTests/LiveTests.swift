// SPDX-License-Identifier: Apache-2.0
import Capture
import Glibc
import Testing

@testable import KernelCapture

@Suite(.enabled(if: isRoot, "capturing requires root"), .serialized)
struct LiveTests {
  /// A connection over loopback, from `client` to `server`, on a port that the kernel chose.
  final class Connection {
    private(set) var port: UInt16 = 0
    private let listener: Int32
    private var client: Int32 = -1
    private var server: Int32 = -1

    init() throws {
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      // The address outlives each call, in its real size.
      let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          unsafe bind(listener, generic, size) == 0 && listen(listener, 8) == 0
            && getsockname(listener, generic, &size) == 0
        }
      }
      try #require(bound)
      port = UInt16(bigEndian: address.sin_port)
    }

    func open() throws {
      client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      address.sin_port = port.bigEndian
      // As above.
      let connected = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          unsafe connect(client, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      try #require(connected)
      server = accept(listener, nil, nil)
      try #require(server >= 0)
    }

    func ask(_ text: String) { Self.write(client, text) }
    func answer(_ text: String) { Self.write(server, text) }

    private static func write(_ descriptor: Int32, _ text: String) {
      let bytes = Array(text.utf8)
      var sent = 0
      while sent < bytes.count {
        // Within the array.
        let count = unsafe bytes.withUnsafeBytes { buffer in
          unsafe send(descriptor, buffer.baseAddress.map { unsafe $0 + sent }, bytes.count - sent, 0)
        }
        if count <= 0 { return }
        sent += count
        var sink = [UInt8](repeating: 0, count: 65536)
        _ = unsafe recv(descriptor, &sink, sink.count, Int32(MSG_DONTWAIT))
      }
    }

    deinit { for descriptor in [listener, client, server] where descriptor >= 0 { close(descriptor) } }
  }

  /// Everything that the capture still delivers.
  private func rest(_ capture: KernelCapture) throws -> [Trial.Record] {
    capture.stop()
    var records: [Trial.Record] = []
    for reader in capture.readers {
      while try reader.receive(
        timeout: 0,
        { segment, payload in
          // Copied out before the closure returns.
          let bytes = unsafe payload.withUnsafeBytes { unsafe Array($0) }
          records.append(Trial.Record(segment: copy segment, payload: bytes))
        }) != .ended
      {}
    }
    return records
  }

  /// Whether a descriptor is an open packet socket.
  private func isPacketSocket(_ number: Int32) -> Bool {
    var domain: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    // Writes at most four bytes.
    return unsafe getsockopt(number, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_PACKET
  }

  @Test(arguments: [nil, "lo"])
  func `a stopped capture receives nothing and keeps the numbers of its sockets`(interface: String?) throws {
    let connection = try Connection()
    let ports = try #require(PortSet([connection.port...connection.port]))
    let capture = try KernelCapture(
      KernelCaptureOptions(interfaces: interface.map { [$0] } ?? [], ports: ports, ringBytes: 1 << 20))
    let sockets = capture.sockets
    try connection.open()
    connection.ask("GET /before HTTP/1.1\r\nHost: localhost\r\n\r\n")
    capture.stop()
    connection.ask("GET /after HTTP/1.1\r\nHost: localhost\r\n\r\n")
    capture.followInterfaces()
    connection.ask("GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(capture.sockets == sockets && sockets.count == 1 && sockets.allSatisfy(isPacketSocket))
    #expect(
      try rest(capture).map(\.text).filter { $0.hasPrefix("GET ") }.map { $0.prefix(11) } == ["GET /before"])
  }

  @Test(arguments: [nil, "lo"])
  func `loopback traffic is seen once, in order and with its times`(interface: String?) throws {
    let connection = try Connection()
    let ports = try #require(PortSet([connection.port...connection.port]))
    let capture = try KernelCapture(
      KernelCaptureOptions(interfaces: interface.map { [$0] } ?? [], ports: ports, ringBytes: 4 << 20))
    try connection.open()
    for index in 0..<1000 {
      connection.ask("GET /\(index) HTTP/1.1\r\nHost: localhost\r\n\r\n")
      connection.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    let records = try rest(capture)
    let requests = records.filter { $0.text.hasPrefix("GET ") }
    #expect(requests.count == 1000)
    #expect(records.count { $0.text.hasPrefix("HTTP/1.1 200 OK\r\n") } == 1000)
    #expect(requests.first?.text == "GET /0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(
      requests.allSatisfy {
        $0.segment.destination.port == connection.port && $0.segment.direction == .unknown
      })
    let counters = capture.counters()
    #expect(counters.matched == UInt64(records.count) && counters.lost == 0)
    // Of loopback alone, the outgoing copies are not even inspected.
    #expect((counters.copies > 0) == (interface == nil))
    #expect(counters.requestHeads == 1000 && counters.responseHeads == 1000)
  }

  @Test func `twenty bodies of 16 KiB pass in streams byte for byte`() throws {
    let connection = try Connection()
    let ports = try #require(PortSet([connection.port...connection.port]))
    let capture = try KernelCapture(
      KernelCaptureOptions(interfaces: ["lo"], ports: ports, depth: .streams, ringBytes: 16 << 20))
    try connection.open()
    let body = String(repeating: "0123456789abcdef", count: 1 << 10)
    for _ in 0..<20 {
      connection.ask(body)
      connection.answer(body)
    }
    let records = try rest(capture).filter {
      !$0.payload.isEmpty && $0.segment.destination.port == connection.port
    }
    // Retransmissions apart, the pieces follow one another without a gap.
    let first = try #require(records.first).segment.sequence
    var bytes: [UInt8] = []
    for record in records.sorted(by: { $0.segment.sequence &- first < $1.segment.sequence &- first })
    where Int(record.segment.sequence &- first) == bytes.count { bytes += record.payload }
    #expect(bytes == Array(String(repeating: body, count: 20).utf8))
    #expect(capture.counters().lost == 0)
  }

  @Test func `a head of many kilobytes in few writes passes whole, the body behind it does not`() throws {
    let connection = try Connection()
    let ports = try #require(PortSet([connection.port...connection.port]))
    let capture = try KernelCapture(
      KernelCaptureOptions(interfaces: ["lo"], ports: ports, ringBytes: 4 << 20))
    try connection.open()
    let cookie = "Cookie: " + String(repeating: "0123456789", count: 4000) + "\r\n"
    let head = "POST /long HTTP/1.1\r\nHost: a\r\n" + cookie + "\r\n"
    let body = String(repeating: "body ", count: 20_000)
    connection.ask(head)
    connection.ask(body)
    connection.answer("HTTP/1.1 204 No Content\r\n\r\n")
    let records = try rest(capture)
    let toServer = records.filter { $0.segment.destination.port == connection.port }
    // The connection's SYN comes as a bare record, before all others.
    #expect(toServer.first?.segment.flags.isOpening == true && toServer.first?.payload.isEmpty == true)
    let asked = toServer.filter { $0.segment.payloadLength > 0 }
    #expect(asked.first?.segment.kind == .start)
    #expect(asked.dropFirst().allSatisfy { $0.segment.kind == .continuation })
    #expect(asked.map(\.text).joined() == head)
    #expect(capture.counters().responseHeads == 1)
  }

  @Test(arguments: [32, 64, 128, 100])
  func `requests in one write pass, also where one ends with the record's first piece`(length: Int) throws {
    let connection = try Connection()
    let ports = try #require(PortSet([connection.port...connection.port]))
    let capture = try KernelCapture(
      KernelCaptureOptions(interfaces: ["lo"], ports: ports, ringBytes: 4 << 20))
    try connection.open()
    let (start, end) = ("GET / HTTP/1.1\r\nX: ", "\r\n\r\n")
    let padding = String(repeating: "p", count: length - start.utf8.count - end.utf8.count)
    let requests = String(repeating: start + padding + end, count: 150)
    connection.ask(requests)
    let asked = try rest(capture).filter { $0.segment.destination.port == connection.port }
    #expect(asked.map(\.text).joined() == requests)
  }

  @Test func `an unknown interface is named, and those there are`() {
    let error = #expect(throws: CaptureError.self) {
      _ = try KernelCapture(KernelCaptureOptions(interfaces: ["nosuch0"]))
    }
    #expect(error?.reason == .notFound)
    #expect(error?.message == "no such interface: nosuch0")
    #expect(error?.hint?.contains("lo") == true)
  }
}
