// SPDX-License-Identifier: Apache-2.0
import Capture
import CHTTPFilter
import PacketBuilder
import Testing

@testable import KernelCapture

/// Depth `auto`: which connections pass whole, by the filter's own doing and by a worker's wish.
@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct DepthMarkTests {
  let trial: Trial
  let marks: DepthMarks
  static let client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
  static let server = Endpoint(ipv4: 0x0a00_0002, port: 80)

  init() throws {
    trial = try Trial(KernelCaptureOptions(depth: .auto, ringBytes: 1 << 20))
    marks = try #require(trial.filter.filter.marks)
  }

  /// Whether a segment of the server's that is no head passes.
  private func passesWhole() throws -> Bool {
    let records = try trial.records(Packet().sequence(900_000).payload("body body").reversed())
    #expect(records.allSatisfy { $0.segment.kind == .stream && $0.text == "body body" })
    return records.count == 1
  }

  /// A segment of the connection, in the shape that hints are given for.
  private func segment(from a: Endpoint = client, to b: Endpoint = server) -> Segment {
    Segment(
      time: 1, source: a, destination: b, sequence: 1, acknowledgement: 1, payloadLength: 0, flags: .ack,
      kind: .stream)
  }

  private static let syn = Packet().flags(2).sequence(999)

  @Test func `ordinary requests pass as heads alone`() throws {
    _ = try trial.records(Self.syn)
    var (asked, answered) = (UInt32(1_000), UInt32(5_000))
    for _ in 0..<5 {
      let text = request, answer = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
      let records = try trial.records([
        Packet().sequence(asked).acknowledgement(answered).payload(text),
        Packet().reversed().sequence(answered).acknowledgement(asked + UInt32(text.utf8.count))
          .payload(answer),
      ])
      #expect(records.map(\.segment.kind) == [.start, .start])
      #expect(try !passesWhole())
      asked += UInt32(text.utf8.count)
      answered += UInt32(answer.utf8.count) + 900
    }
  }

  @Test(arguments: [
    ("two requests in a segment", request + request),
    ("a request and the beginning of another one", request + "GE"),
    ("a chunked body", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
    ("a chunk with an extension", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1fA;x=y\r\n"),
    ("a head in small pieces", "GET /a"), ("a byte of a head", "G"),
    ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("a PROXY header and a request", "PROXY TCP4 10.0.0.9 10.0.0.2 4000 80\r\n" + request),
    ("a PROXY header alone", "PROXY UNKNOWN\r\n"),
    ("a PROXY header of version 2", "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{0c}abcdefghijkl" + request),
  ])
  func `what makes the filter mark a connection at once`(name: String, text: String) throws {
    let records = try trial.records(Packet().payload(text))
    #expect(records.map(\.text).joined() == text, "\(name)")
    #expect(try passesWhole(), "\(name)")
    #expect(try trial.records(Packet().sequence(2_000).payload("body")).map(\.segment.kind) == [.stream])
    // A SYN that its receiver drops changes nothing; the ports' next connection starts afresh.
    _ = try trial.records(Self.syn.sequence(76_000_000).with { $0.checksum = .wrong })
    #expect(try passesWhole(), "\(name)")
    _ = try trial.records(Self.syn.sequence(77_000_000))
    #expect(try !passesWhole(), "\(name)")
  }

  @Test(arguments: [
    ("a request", request), ("a body", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nbody body"),
    ("a body that begins with a capital", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nBody"),
    ("a long head that continues", "GET / HTTP/1.1\r\nCookie: " + String(repeating: "c", count: 1_400)),
    ("a method that is called like the header of a proxy", "PROXY /a HTTP/1.1\r\n\r\n"),
    ("a response", response), ("a body of hexadecimal digits", "POST / HTTP/1.1\r\n\r\nabcdef0123456789"),
  ])
  func `what does not`(name: String, text: String) throws {
    #expect(try trial.records(Packet().payload(text)).map(\.text).joined() == text)
    #expect(try !passesWhole(), "\(name)")
  }

  @Test(arguments: [
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PROXY TCP4 10.0.0.9 10.0.0.2 4000 80\r\n",
    "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{0c}abcdefghijkl",
  ])
  func `what only a client begins with marks nothing in a server's body`(text: String) throws {
    _ = try trial.records(Packet().payload(request))
    _ = try trial.records(Packet().reversed().sequence(5_000).payload(text))
    #expect(try !passesWhole() && trial.gained().http2 == 0)
  }

  @Test(arguments: ["\0", " \r\n", "\t\r\n", " \r\n\t\r\n", "foobar\r\n", "FOOBAR\r\n", "\r\n \r\n"])
  func `a status line after stray bytes passes where the answer is to begin, and nowhere else`(stray: String)
    throws
  {
    _ = try trial.records(Packet().sequence(1_000).acknowledgement(5_000).payload(request))
    let answer = Packet().reversed().acknowledgement(1_000 + UInt32(request.utf8.count)).payload(
      stray + response)
    #expect(try trial.records(answer.sequence(5_001)).isEmpty)
    #expect(try trial.records(answer.sequence(4_999)).isEmpty)
    #expect(try !passesWhole())
    let records = try trial.records(answer.sequence(5_000))
    #expect(records.map(\.segment.kind) == [.stream])
    #expect(records.map(\.text) == [stray + response])
    #expect(try passesWhole())
  }

  @Test(arguments: [
    "an answer without a status", " HTT", " HTTP", "seventeen bytes!!HTTP/1.1 200 OK\r\n\r\n",
  ])
  func `an answer in whose first bytes there is no status line does not`(text: String) throws {
    _ = try trial.records(Packet().sequence(1_000).acknowledgement(5_000).payload(request))
    #expect(try trial.records(Packet().reversed().sequence(5_000).payload(text)).isEmpty)
    #expect(try !passesWhole())
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\n", true), ("HTTP/1.0 404 Not Foun", true), ("HTTP/1.1 100 C", true),
    ("HTTP/1.1 200 OK\r\n\r\n", false), ("HTTP/1.1 204 \n\n", false), ("HTTP/1.1 200 OK\r\nA: 1\r\n", false),
  ])
  func `an answer whose first piece is of the head's first line passes whole`(text: String, isPiece: Bool)
    throws
  {
    _ = try trial.records(Packet().sequence(1_000).acknowledgement(5_000).payload(request))
    let answer = Packet().reversed().acknowledgement(1_000 + UInt32(request.utf8.count)).payload(text)
    #expect(try trial.records(answer.sequence(5_001)).map(\.segment.kind) == [.start])
    #expect(try !passesWhole())
    #expect(try trial.records(answer.sequence(5_000)).map(\.segment.kind) == [isPiece ? .stream : .start])
    #expect(try passesWhole() == isPiece)
  }

  private static let settings: [UInt8] = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]
  private static let headers: [UInt8] = [0, 0, 2, 1, 5, 0, 0, 0, 3, 0x82, 0x84]

  @Test func `frames of HTTP/2 mark, the server's first ones and any HEADERS of a client`() throws {
    #expect(try trial.records(Packet().reversed().payload(Self.settings)).count == 1)
    #expect(try passesWhole())
    _ = try trial.records(Self.syn.sequence(77_000_000))
    _ = try trial.records(Self.syn.sequence(78_000_000))
    #expect(try !passesWhole())
    #expect(try trial.records(Packet().payload(Self.headers)).map(\.segment.kind) == [.stream])
    #expect(try passesWhole())
  }

  @Test(arguments: [
    ("a HEADERS frame that does not end in the segment", Array(headers.dropLast())),
    ("one of an even stream", headers.map { $0 == 3 ? 4 : $0 }),
    ("one without the end of its block", headers.map { $0 == 5 ? 1 : $0 }),
    ("DATA", [0, 0, 2, 0, 0, 0, 0, 0, 3, 1, 1]),
    ("an acknowledgement of SETTINGS", [0, 0, 0, 4, 1, 0, 0, 0, 0]),
    ("zeros", [UInt8](repeating: 0, count: 40)),
  ])
  func `other bytes that begin with zero do not`(name: String, bytes: [UInt8]) throws {
    #expect(try trial.records(Packet().payload(bytes)).isEmpty, "\(name)")
    #expect(try !passesWhole(), "\(name)")
  }

  @Test func `a 101 marks, other responses do not`() throws {
    _ = try trial.records(Packet().payload(request))
    let answer = Packet().reversed().flags(16).sequence(5_000).acknowledgement(
      1_000 + UInt32(request.utf8.count))
    _ = try trial.records(answer.payload("HTTP/1.1 100 Continue\r\n\r\n"))
    #expect(try !passesWhole())
    let records = try trial.records(
      answer.payload("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"))
    #expect(records.map(\.segment.kind) == [.stream])
    #expect(try passesWhole())
  }

  @Test func `a request before the answer to another one marks`() throws {
    let first = Packet().acknowledgement(5_000).payload(request)
    _ = try trial.records(first)
    // The same one again is a retransmission.
    _ = try trial.records(first)
    #expect(try !passesWhole())
    let next = try trial.records(first.sequence(1_000 + UInt32(request.utf8.count)))
    #expect(next.map(\.segment.kind) == [.stream])
    #expect(try passesWhole())
  }

  @Test func `two requests in a segment mark after single ones, if they are longer than these`() throws {
    var asked = UInt32(1_000)
    func ask(_ text: String, answered: UInt32) throws -> [Trial.Record] {
      defer { asked += UInt32(text.utf8.count) }
      return try trial.records(Packet().sequence(asked).acknowledgement(answered).payload(text))
    }
    let long = "GET /a HTTP/1.1\r\nHost: h\r\nCookie: " + String(repeating: "c", count: 60) + "\r\n\r\n"
    for (index, text) in [request, long, request, long, request].enumerated() {
      #expect(try ask(text, answered: 5_000 + UInt32(index)).map(\.segment.kind) == [.start])
      #expect(try !passesWhole())
    }
    // A longer one with a body is no reason to search those without.
    let body = "POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n" + String(repeating: "b", count: 900)
    #expect(try ask(body, answered: 6_000).map(\.text).joined() == body)
    #expect(try !passesWhole())
    #expect(try ask(long + request, answered: 6_001).map(\.text).joined() == long + request)
    #expect(try passesWhole())
  }

  @Test(arguments: ["\r\n", "\n"])
  func `two requests in a segment mark wherever the first one ends, one alone does not`(end: String) throws {
    var start = UInt32(0)
    for length in 1...300 {
      let long = "GET /\(String(repeating: "a", count: length)) HTTP/1.1\(end)Host: h\(end)\(end)"
      let short = "HEAD / HTTP/1.1\(end)A: b\(end)\(end)"
      for (text, isMarked) in [(long, false), (long + short, true), (short + long, true)] {
        // Another connection of the ports each time.
        start &+= 77_000_000
        _ = try trial.records(Self.syn.sequence(start))
        let records = try trial.records(Packet().sequence(start &+ 1).payload(text))
        #expect(records.map(\.text).joined() == text, "\(length)")
        #expect(try passesWhole() == isMarked, "\(length)")
      }
    }
  }

  @Test func `a request after a body in the same segment marks, first or later`() throws {
    let post = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    _ = try trial.records(Packet().payload(post))
    #expect(try !passesWhole())
    let next = Packet().sequence(1_000 + UInt32(post.utf8.count)).acknowledgement(9)
    _ = try trial.records(next.payload(post + request))
    #expect(try passesWhole())
  }

  @Test func `a response to what has not come by yet marks`() throws {
    _ = try trial.records(Packet().acknowledgement(5_000).payload(request))
    let end = 1_000 + UInt32(request.utf8.count)
    let answer = Packet().reversed().flags(16).sequence(5_000).payload(response)
    #expect(try trial.records(answer.acknowledgement(end)).map(\.segment.kind) == [.start])
    #expect(
      try trial.records(answer.sequence(6_000).acknowledgement(end + 50)).map(\.segment.kind) == [.stream])
    #expect(try passesWhole())
  }

  @Test func `a SYN that comes late takes no mark away, another connection's does`() throws {
    _ = try trial.records(Packet().sequence(1_000).payload(request + request))
    _ = try trial.records([Self.syn, Self.syn.reversed().flags(18)])
    #expect(try passesWhole())
    // A SYN's number is one before the first byte's; this one's stream begins elsewhere.
    _ = try trial.records(Self.syn.sequence(3_000_000_000))
    #expect(try !passesWhole())
  }

  @Test func `a worker's wish holds for one generation of the slot`() throws {
    _ = try trial.records(Packet().payload(request))
    #expect(try !passesWhole())
    marks.note(.mark, for: segment())
    #expect(try passesWhole())
    marks.note(.clear, for: segment(from: Self.server, to: Self.client))
    #expect(try !passesWhole())
    // The filter's own mark is the later word...
    _ = try trial.records(Packet().sequence(50_000).payload("GET /piece"))
    #expect(try passesWhole())
    // ... but for a connection that has left HTTP.
    marks.note(.leave, for: segment())
    #expect(try !passesWhole())
    _ = try trial.records(Packet().sequence(60_000).payload("GET /piece"))
    #expect(try !passesWhole())
    _ = try trial.records(Self.syn.sequence(77_000_000))
    _ = try trial.records(Packet().sequence(77_000_001).payload("GET /piece"))
    #expect(try passesWhole())
  }

  @Test func `a wish for another connection's slot is not written`() throws {
    _ = try trial.records(Packet().payload(request))
    let sharer = try #require(SlotSharer(marks))
    let (other, packet) = (sharer.client, sharer.packet)
    let before = marks.words(of: Self.client, Self.server)
    marks.note(.mark, for: segment(from: other))
    #expect(marks.words(of: Self.client, Self.server) == before)
    // It takes the slot over with its next request; the wish of the one before it is void.
    marks.note(.mark, for: segment())
    _ = try trial.records(packet.payload(request))
    let after = marks.words(of: other, Self.server)
    #expect(UInt32(after.kernel >> 32) == marks.place(of: other, Self.server).tag)
    #expect(after.kernel & 1 == 0 && after.kernel >> 2 != after.user >> 2)
  }

  @Test func `a marked connection keeps its slot while it is heard of`() throws {
    _ = try trial.records(Packet().payload(request + request))
    let packet = try #require(SlotSharer(marks)).packet
    let records = try trial.records(packet.payload(request + request))
    // Its heads pass all the same.
    #expect(records.map(\.text).joined() == request + request)
    #expect(try trial.records(packet.sequence(800_000).payload("body")).isEmpty)
    #expect(try passesWhole())
  }

  @Test func `filter and worker compute the same slot and tag`() throws {
    for index in UInt64(1)...200 {
      let bits = index &* 0x9e37_79b9_7f4a_7c15
      let ports = (UInt16(truncatingIfNeeded: bits >> 8) | 1, UInt16(80))
      let isIPv4 = index % 2 == 0
      var packet = Packet().from(port: ports.0).payload(request)
      let a: Endpoint
      let b: Endpoint
      if isIPv4 {
        let addresses = (UInt32(truncatingIfNeeded: bits >> 16), UInt32(truncatingIfNeeded: bits >> 32))
        packet = packet.ipv4 { ($0.source, $0.destination) = addresses }
        (a, b) = (Endpoint(ipv4: addresses.0, port: ports.0), Endpoint(ipv4: addresses.1, port: ports.1))
      } else {
        a = Endpoint(high: 0xfd00_0000_0000_0000 | bits >> 9, low: bits, port: ports.0)
        b = Endpoint(high: 0x2001_0db8_0000_0000 | bits >> 40, low: ~bits, port: ports.1)
        packet = packet.ipv6 {
          $0.source = Self.bytes(a)
          $0.destination = Self.bytes(b)
        }
      }
      let sender = index % 3 == 0 ? packet.reversed().to(port: ports.0).payload(request) : packet
      let records = try trial.records(sender)
      #expect(records.count == 1)
      let place = marks.place(of: a, b), words = marks.words(of: b, a)
      #expect(UInt32(words.kernel >> 32) == place.tag, "\(index)")
      #expect(place.slot < Int(HTTPF_MARKS) && place.tag & 1 == 1)
    }
  }

  private static func bytes(_ end: Endpoint) -> [UInt8] {
    (0..<16).map { index in
      let word = index < 8 ? end.high : end.low
      return UInt8(truncatingIfNeeded: word >> UInt64(56 - index % 8 * 8))
    }
  }

  @Test func `a new generation begins with each connection and each mark`() throws {
    func generation() -> UInt64 { marks.words(of: Self.client, Self.server).kernel >> 2 & (1 << 30 - 1) }
    _ = try trial.records(Packet().payload(request))
    let first = generation()
    _ = try trial.records(Packet().sequence(1_000 + UInt32(request.utf8.count)).payload(request))
    #expect(generation() == first + 1)
    _ = try trial.records(Self.syn.sequence(77_000_000))
    #expect(generation() == first + 2)
  }

  @Test func `at other depths there are no slots`() throws {
    #expect(try Trial(KernelCaptureOptions(depth: .heads, ringBytes: 1 << 20)).filter.filter.marks == nil)
  }
}
