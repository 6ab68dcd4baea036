// SPDX-License-Identifier: Apache-2.0
import Capture
import CTLSFilter
import System
import Testing

@testable import KernelCapture

/// What stands for the plain text of TLS connections: records as the program in the kernel sends them.
struct TLSConnectionsTests {
  private struct Delivered {
    var segment: Segment
    var text: [UInt8]
  }

  private static let server = Endpoint(ipv4: 0x0a00_0002, port: 443)
  private static let client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
  private static let request = "GET / HTTP/1.1\r\n\r\n", response = "HTTP/1.1 200 OK\r\n\r\n"

  private var connections = TLSConnections(clockOffset: 1_000, seed: 7, network: 1)

  /// A record of the server's process, or of the client's.
  private static func record(
    _ kind: Int, connection: UInt64 = 1, atServer: Bool = true, isWrite: Bool, position: UInt64 = 0,
    other: UInt64 = 0, length: Int = 0, isNew: Bool = false, isTied: Bool = true
  ) -> tls_record {
    var record = tls_record()
    record.kind = UInt8(kind)
    record.is_write = isWrite ? 1 : 0
    record.is_new = isNew ? 1 : 0
    record.time = 5
    (record.connection, record.position, record.other_position) = (connection, position, other)
    record.length = UInt32(length)
    if isTied {
      let (local, remote) = atServer ? (server, client) : (client, server)
      record.ends.local = (local.high.bigEndian, local.low.bigEndian)
      record.ends.remote = (remote.high.bigEndian, remote.low.bigEndian)
      (record.ends.local_port, record.ends.remote_port) = (local.port, remote.port)
      record.ends.network = 1
    }
    return record
  }

  private mutating func deliver(_ record: tls_record, _ text: String = "") -> [Delivered] {
    var made: [Delivered] = []
    let bytes = Array(text.utf8)
    let count = connections.deliver(record, bytes.rawSpan) { segment, text in
      made.append(Delivered(segment: copy segment, text: (0..<text.byteCount).map { text.byte($0) }))
    }
    #expect(count == made.count)
    return made
  }

  @Test(arguments: [Endpoint(ipv4: 0x7f00_0001, port: 443), Endpoint(high: 0, low: 1, port: 443)])
  mutating func `loopback's addresses are others in each network namespace`(address: Endpoint) {
    let asked = ([1, 2, 3] as [UInt32]).map { network in
      var record = Self.record(
        Int(TLS_START), connection: UInt64(network), isWrite: false, length: 18, isNew: true)
      record.ends.local = (address.high.bigEndian, address.low.bigEndian)
      record.ends.remote = record.ends.local
      record.ends.network = network
      return deliver(record, Self.request).map(\.segment)
    }
    #expect(asked.map { $0.map(\.network) } == [[0, 0, 0], [2, 2, 2], [3, 3, 3]])
    #expect(Set(asked.map { $0[2].sequence }).count == 3)
  }

  @Test mutating func `a connection between two network namespaces is one, seen from both`() {
    let asked = Self.record(Int(TLS_START), isWrite: false, length: 18, isNew: true)
    #expect(deliver(asked, Self.request).map(\.segment.network) == [0, 0, 0])
    var same = Self.record(
      Int(TLS_START), connection: 2, atServer: false, isWrite: true, length: 18, isNew: true)
    same.ends.network = 2
    #expect(deliver(same, Self.request).isEmpty)
  }

  @Test mutating func `what a server reads and writes are the two directions of a connection`() throws {
    let begun = deliver(
      Self.record(Int(TLS_START), isWrite: false, length: 40, isNew: true), Self.request)
    try #require(begun.count == 3)
    #expect(begun.map(\.segment.source) == [Self.client, Self.server, Self.client])
    #expect(begun.map(\.segment.flags.isOpening) == [true, true, false])
    #expect(begun.map(\.segment.flags.isAcknowledging) == [false, true, true])
    let asked = begun[2], base = asked.segment.sequence
    #expect(begun.allSatisfy { $0.segment.sequence == base } && begun[1].segment.acknowledgement == base)
    #expect(asked.segment.destination == Self.server && asked.text == Array(Self.request.utf8))
    #expect(asked.segment.time == 1_005 && asked.segment.payloadLength == 40)
    let answered = try #require(
      deliver(
        Self.record(Int(TLS_START), isWrite: true, other: 40, length: 30, isNew: true), Self.response
      ).first)
    #expect(answered.segment.source == Self.server && answered.segment.destination == Self.client)
    #expect(answered.segment.sequence == base && answered.segment.acknowledgement == base &+ 40)
    #expect(!answered.segment.flags.isControl)
    let later = try #require(
      deliver(
        Self.record(Int(TLS_CONTINUATION), isWrite: true, position: 30, other: 40, length: 9), "x: y\r\n\r\n"
      ).first)
    #expect(later.segment.sequence == base &+ 30 && later.segment.kind == .continuation)
    let ends = deliver(Self.record(Int(TLS_CLOSED), isWrite: true, position: 39, other: 40))
    #expect(ends.map(\.segment.source) == [Self.server, Self.client])
    #expect(ends.map(\.segment.sequence) == [base &+ 39, base &+ 40])
    #expect(ends.map(\.segment.acknowledgement) == [base &+ 40, base &+ 39])
    #expect(ends.allSatisfy { $0.segment.flags.isClosing && $0.segment.payloadLength == 0 })
    // What has ended is not known any more, and the next one of the same ends has other numbers.
    #expect(deliver(Self.record(Int(TLS_CLOSED), isWrite: true)).isEmpty)
    let next = deliver(
      Self.record(Int(TLS_START), connection: 5 << 10, isWrite: false, length: 40, isNew: true), Self.request)
    #expect(next.count == 3 && next[0].segment.sequence != base)
  }

  @Test mutating func `a client's view has the same ends and numbers, and gives way to the server's`() throws
  {
    let asked = deliver(
      Self.record(Int(TLS_START), connection: 2, atServer: false, isWrite: true, length: 40, isNew: true),
      Self.request)
    #expect(asked.map(\.segment.source) == [Self.client, Self.server, Self.client])
    #expect(asked.map(\.segment.flags.isOpening) == [true, true, false])
    // The same bytes once more: the connection is open already.
    let read = deliver(
      Self.record(Int(TLS_START), isWrite: false, length: 40, isNew: true), Self.request)
    #expect(read.map(\.segment.source) == [Self.client])
    #expect(read.first?.segment.sequence == asked.last?.segment.sequence)
    let answer = Self.record(
      Int(TLS_START), connection: 2, atServer: false, isWrite: false, other: 40, length: 30)
    #expect(deliver(answer, Self.response).isEmpty)
    // Nor after the server's has ended, nor at its own end.
    #expect(deliver(Self.record(Int(TLS_CLOSED), isWrite: true)).count == 2)
    #expect(deliver(answer, Self.response).isEmpty)
    #expect(deliver(Self.record(Int(TLS_CLOSED), connection: 2, atServer: false, isWrite: true)).isEmpty)
  }

  @Test mutating func `a client's view that comes after the server's has ended is the same connection`() {
    #expect(
      deliver(Self.record(Int(TLS_START), isWrite: false, length: 40, isNew: true), Self.request).count == 3)
    #expect(deliver(Self.record(Int(TLS_CLOSED), isWrite: true, position: 30, other: 40)).count == 2)
    // It began before that end, at 5: its call returned late.
    let late = Self.record(
      Int(TLS_START), connection: 4 << 10, atServer: false, isWrite: true, length: 40, isNew: true)
    #expect(deliver(late, Self.request).isEmpty)
    // It began afterwards: another connection, whose server is not seen.
    #expect(
      deliver(Self.record(Int(TLS_CLOSED), connection: 4 << 10, atServer: false, isWrite: true)).isEmpty)
    let next = Self.record(
      Int(TLS_START), connection: 6 << 10, atServer: false, isWrite: true, length: 40, isNew: true)
    #expect(deliver(next, Self.request).count == 3)
  }

  @Test mutating func `of HTTP/2 the client is who begins with the preface`() throws {
    let settings = "\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}"
    let first = deliver(Self.record(Int(TLS_FRAMES), isWrite: true, length: 9, isNew: true), settings)
    #expect(first.map(\.segment.source) == [Self.client, Self.server, Self.server])
    #expect(first.last?.segment.kind == .stream)
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    let read = Self.record(Int(TLS_FRAMES), isWrite: false, other: 9, length: 24, isNew: true)
    #expect(deliver(read, preface).map(\.segment.source) == [Self.client])
    // The view of the process that wrote the preface.
    let written = Self.record(
      Int(TLS_FRAMES), connection: 9, atServer: false, isWrite: true, length: 24, isNew: true)
    #expect(deliver(written, preface).isEmpty)
  }

  @Test mutating func `connections of unknown ends are apart from each other`() throws {
    var ends: Set<Endpoint> = []
    var bases: Set<UInt32> = []
    for number in 1...3 as ClosedRange<UInt64> {
      let record = Self.record(
        Int(TLS_START), connection: number, isWrite: false, length: 18, isTied: false)
      let made = try #require(deliver(record, Self.request).first)
      ends.formUnion([made.segment.source, made.segment.destination])
      bases.insert(made.segment.sequence)
    }
    #expect(ends.count == 6 && bases.count == 3)
    #expect(ends.allSatisfy { $0.high == TLSConnections.unknownAddress && $0.port == 0 })
  }

  @Test mutating func `a connection counts from its first text by a watched interface to its end`() {
    let links = [NetworkLink(index: 1, name: "lo"), NetworkLink(index: 2, name: "eth0")]
    let chosen = InterfaceChoice(network: 1, watched: [2], links: links)
    connections.chooser = TextChooser(chosen, SeenClients())
    func record(_ interface: UInt32, isWrite: Bool) -> tls_record {
      var record = Self.record(Int(TLS_START), isWrite: isWrite, length: 40)
      record.ends.interface = interface
      return record
    }
    #expect(!isSelected(record(1, isWrite: false)))
    #expect(connections.selected == 0)
    #expect(deliver(record(2, isWrite: false), Self.request).count == 1)
    // The interface is another one now.
    connections.chooser?.choice = InterfaceChoice(network: 1, watched: [3], links: links)
    #expect(deliver(record(2, isWrite: true), Self.response).count == 1)
    #expect(connections.selected == 1 && connections.chooser?.unplaced == 0)
    #expect(deliver(Self.record(Int(TLS_CLOSED), isWrite: true)).count == 2)
    // The end of one that was not selected is nothing.
    #expect(deliver(Self.record(Int(TLS_CLOSED), connection: 9, isWrite: true)).isEmpty)
  }

  /// Whether a record's connection counts; nothing else of it.
  private mutating func isSelected(_ record: tls_record) -> Bool {
    let bytes = Array(Self.request.utf8)
    return connections.deliver(record, bytes.rawSpan) { _, _ in } != nil
  }

  @Test mutating func `the oldest connections are forgotten, and no more are kept than the kernel has`() {
    for number in 0..<UInt64(TLSConnections.most + 2) {
      var record = Self.record(Int(TLS_START), connection: number + 1, isWrite: false, length: 18)
      record.ends.remote.1 = (UInt64(0xffff) << 32 | number).bigEndian
      #expect(deliver(record, Self.request).count == 1)
    }
    #expect(deliver(Self.record(Int(TLS_CLOSED), connection: 2, isWrite: true)).isEmpty)
    #expect(deliver(Self.record(Int(TLS_CLOSED), connection: 3, isWrite: true)).count == 2)
  }
}
