// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Testing

@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct ContinuationTests {
  let trial: Trial
  static let head =
    "GET /drive/u/x?y HTTP/1.1\r\nHost: example.org\r\nCookie: a=b\r\nAccept: */*\r\n\r\n"

  init() throws { trial = try Trial() }

  /// The text in segments of a flow that belongs to `port`.
  private func segments(_ pieces: [String], port: UInt16, from sequence: UInt32 = 1000) -> [Packet] {
    var next = sequence
    return pieces.map { piece in
      defer { next &+= UInt32(piece.utf8.count) }
      return Packet().from(port: port).sequence(next).payload(piece)
    }
  }

  private func cut(_ text: String, at index: Int) -> [String] {
    [String(text.prefix(index)), String(text.dropFirst(index))]
  }

  /// What arrived, put together by sequence number; nil where something is missing.
  private func joined(_ records: [Trial.Record], from sequence: UInt32 = 1000) -> String? {
    var next = sequence
    var text = ""
    for record in records.sorted(by: {
      Int32(bitPattern: $0.segment.sequence &- sequence) < Int32(bitPattern: $1.segment.sequence &- sequence)
    }) {
      guard record.segment.sequence == next else { return nil }
      text += record.text
      next &+= UInt32(record.payload.count)
    }
    return text
  }

  @Test(arguments: ["GET ", "POST ", "UPDATEREDIRECTREF ", "VERSION-CONTROL ", "UNLOCK ", "HEAD "])
  func `a head cut at any byte arrives whole, and nothing after it`(method: String) throws {
    // Characters of Swift hold a CR LF as one: work on single-scalar ones.
    let head = Self.head.replacing("GET ", with: method).unicodeScalars.map { String($0) }
    for index in 1..<head.count {
      let pieces = [head[..<index].joined(), head[index...].joined(), "body body", "GETX more body"]
      let records = try trial.records(segments(pieces, port: UInt16(1000 + index)))
      #expect(joined(records) == head.joined(), "cut at \(index)")
      #expect(records.first?.segment.kind == .start)
    }
    #expect(trial.gained().evictedHeads == 0)
  }

  @Test func `a head in one segment a byte arrives whole, and nothing after it`() throws {
    let bytes = Self.head.unicodeScalars.map { String($0) }
    let records = try trial.records(segments(bytes + ["b", "o", "d", "y"], port: 5))
    #expect(joined(records) == Self.head)
    #expect(records.count == bytes.count)
    // A lone capital may begin a method: such a byte counts as a start, and is delivered all the same.
    let counters = trial.gained()
    #expect(counters.continuations + counters.requestHeads == UInt64(bytes.count))
  }

  @Test func `a head of bare line feeds ends as well, cut anywhere`() throws {
    let head = "GET / HTTP/1.0\nHost: a\n\n".unicodeScalars.map { String($0) }
    for index in 1..<head.count {
      let pieces = [head[..<index].joined(), head[index...].joined(), "body"]
      #expect(joined(try trial.records(segments(pieces, port: UInt16(1000 + index)))) == head.joined())
    }
  }

  @Test func `sequence numbers may wrap inside a head`() throws {
    let head = Self.head.unicodeScalars.map { String($0) }
    for index in 1..<head.count {
      let start = UInt32.max - UInt32(head.count / 2)
      let pieces = [head[..<index].joined(), head[index...].joined(), "body"]
      let packets = segments(pieces, port: UInt16(1000 + index), from: start)
      #expect(joined(try trial.records(packets), from: start) == head.joined())
    }
  }

  @Test func `segments of a head that overtake one another all arrive`() throws {
    let third = Self.head.unicodeScalars.count / 4
    let head = Self.head.unicodeScalars.map { String($0) }
    let pieces = [
      head[..<third].joined(), head[third..<(2 * third)].joined(), head[(2 * third)...].joined(), "body",
    ]
    var packets = segments(pieces, port: 77)
    packets.swapAt(1, 2)
    #expect(joined(try trial.records(packets)) == Self.head)
  }

  @Test func `a retransmitted start begins again`() throws {
    let head = Self.head.unicodeScalars.map { String($0) }
    let packets = segments([head[..<9].joined(), head[9...].joined()], port: 78)
    let records = try trial.records([packets[0], packets[0], packets[1], packets[1]])
    #expect(records.map(\.text).prefix(3) == [head[..<9].joined(), head[..<9].joined(), head[9...].joined()])
  }

  @Test func `a body behind a whole head in one segment arms nothing`() throws {
    let post = "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"a\": 1}"
    let records = try trial.records(segments([post, "}", "and more", "and more"], port: 79))
    #expect(records.count == 1)
    #expect(records.first?.text == post)
  }

  @Test func `a body that has empty lines and capitals in it arms nothing`() throws {
    let post = "POST /up HTTP/1.1\r\nHost: a\r\n\r\nA\r\n\r\nB\n\nZebra"
    #expect(try trial.records(segments([post, "and more"], port: 79)).count == 1)
  }

  @Test func `pipelined requests whose last one is cut continue`() throws {
    let first = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
    for cut in 1..<first.unicodeScalars.count {
      let second = first.unicodeScalars.map { String($0) }
      let pieces = [first + first + second[..<cut].joined(), second[cut...].joined(), "body"]
      let records = try trial.records(segments(pieces, port: UInt16(2000 + cut)))
      #expect(joined(records) == first + first + first, "cut at \(cut)")
    }
  }

  @Test func `an answer that comes in bytes passes until its status is whole`() throws {
    let bytes = response.unicodeScalars.map { String($0) }
    let packets = segments(bytes, port: 80).map { $0.to(port: 4444) }
    let text = joined(try trial.records(packets))
    #expect(text?.hasPrefix("HTTP/1.1 200 ") == true)
  }

  @Test func `a head is followed for 64 KiB and then given up`() throws {
    let line = "X-Filler: " + String(repeating: "f", count: 990) + "\r\n"
    let pieces = ["GET / HTTP/1.1\r\n"] + [String](repeating: line, count: 100)
    let records = try trial.records(segments(pieces, port: 80))
    let bytes = records.reduce(0) { $0 + $1.payload.count }
    #expect(bytes >= 65_536 && bytes < 65_536 + 2 * line.utf8.count)
    #expect(trial.gained().overlongHeads == 1)
  }

  @Test func `a head longer than a record comes in several that follow one another`() throws {
    let head = "GET / HTTP/1.1\r\nCookie: " + String(repeating: "c", count: 3600) + "\r\n"
    let records = try trial.records(segments([head, "\r\n", "body"], port: 81))
    #expect(joined(records) == head + "\r\n")
  }

  @Test func `the other direction of a flow and other flows do not continue`() throws {
    let half = Packet().payload("GET / HTTP/1.1\r\n").sequence(1000)
    let next = Packet().payload("Host: a\r\n").sequence(1016)
    let records = try trial.records([half, next.reversed(), next.from(port: 5), next])
    #expect(records.map(\.text) == ["GET / HTTP/1.1\r\n", "Host: a\r\n"])
  }

  @Test func `keep-alive probes and old bytes are nothing`() throws {
    let packets = segments(cut(Self.head, at: 20), port: 90)
    _ = try trial.records(packets)
    let probe = Packet().from(port: 90).sequence(999 + UInt32(Self.head.utf8.count)).payload("\0")
    #expect(try trial.records(probe).isEmpty)
  }
}
