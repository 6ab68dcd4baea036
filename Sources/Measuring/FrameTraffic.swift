// SPDX-License-Identifier: Apache-2.0

import Capture
import System

/// Requests of HTTP/2 as h2load sends them and nginx answers: few connections of many streams, all fields but the path
/// in the tables.
struct FrameTraffic {
  static let connections = 4
  /// Requests of one segment; their answers are one as well.
  static let together = 10

  private var requests: [UInt8] = []
  private var answers: [UInt8] = []
  /// Where the numbers of the streams lie.
  private var requestStreams: [Int] = []
  private var answerStreams: [Int] = []
  private var nextStream: UInt32 = 1
  /// The next byte of the clients, and of the servers, counted from where a connection's numbers begin.
  private var asked: UInt32 = 1
  private var answered: UInt32 = 1

  init() {
    // GET, http, user-agent and :authority in the client's table, the path as it is.
    let request: [UInt8] = [0x82, 0x86, 0xbf, 0x04, 9] + Array("/api/list".utf8) + [0xbe]
    // 200, then what the server's table has.
    let answer: [UInt8] = [0x88, 0xc0, 0xbf, 0xbe]
    for _ in 0..<Self.together {
      requestStreams.append(requests.count + 5)
      requests += Self.frame(1, flags: 5, request)
      answerStreams.append(answers.count + 5)
      answers += Self.frame(1, flags: 4, answer)
      answerStreams.append(answers.count + 5)
      answers += Self.frame(0, flags: 1, Array("ok\n".utf8))
    }
  }

  /// Begins all connections, with a first request each that fills the tables.
  mutating func open(_ worker: MeasuredWorker) {
    let first: [UInt8] =
      [0x82, 0x86, 0x41, 9] + Array("a.example".utf8) + [0x84, 0x7a, 6] + Array("h2load".utf8)
    let client =
      Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Self.frame(4, flags: 0, [])
      + Self.frame(1, flags: 5, stream: 1, first)
    let fields: [UInt8] =
      [0x88, 0x76, 5] + Array("nginx".utf8) + [0x61, 3] + Array("now".utf8) + [0x5f, 4] + Array("text".utf8)
    let server =
      Self.frame(4, flags: 0, []) + Self.frame(4, flags: 1, []) + Self.frame(1, flags: 5, stream: 1, fields)
    for connection in 0..<Self.connections {
      let ends = HeadTraffic.ends(connection)
      // A SYN has the number of the first byte after it, as sources give it.
      worker.take(segment(ends.client, ends.server, 1, 0, [], flags: 2, worker), RawSpan())
      worker.take(segment(ends.server, ends.client, 1, 1, [], flags: 18, worker), RawSpan())
      worker.take(segment(ends.client, ends.server, 1, 1, client, worker), client.rawSpan)
      worker.take(
        segment(ends.server, ends.client, 1, 1 + UInt32(client.count), server, worker), server.rawSpan)
    }
    (asked, answered, nextStream) = (1 + UInt32(client.count), 1 + UInt32(server.count), 3)
  }

  /// Some requests and their answers on each connection; how many requests.
  mutating func converse(_ worker: MeasuredWorker) -> Int {
    var stream = nextStream
    for place in 0..<Self.together {
      Self.write(stream, to: &requests, at: requestStreams[place])
      Self.write(stream, to: &answers, at: answerStreams[2 * place])
      Self.write(stream, to: &answers, at: answerStreams[2 * place + 1])
      stream &+= 2
    }
    nextStream = stream
    let acknowledged = asked &+ UInt32(requests.count)
    for connection in 0..<Self.connections {
      let ends = HeadTraffic.ends(connection)
      worker.take(segment(ends.client, ends.server, asked, answered, requests, worker), requests.rawSpan)
      worker.take(segment(ends.server, ends.client, answered, acknowledged, answers, worker), answers.rawSpan)
    }
    asked = acknowledged
    answered &+= UInt32(answers.count)
    return Self.connections * Self.together
  }

  private func segment(
    _ source: Endpoint, _ destination: Endpoint, _ sequence: UInt32, _ acknowledgement: UInt32,
    _ payload: [UInt8], flags: UInt8 = 24, _ worker: MeasuredWorker
  ) -> Segment {
    // Numbers of its own for each connection: the same would be one connection seen twice, under other addresses.
    let start = UInt32(source.port &+ destination.port) &<< 24
    return Segment(
      time: worker.tick(), source: source, destination: destination, sequence: start &+ sequence,
      acknowledgement: start &+ acknowledgement, payloadLength: UInt32(payload.count),
      flags: Segment.Flags(rawValue: flags), kind: .stream)
  }

  private static func frame(_ type: UInt8, flags: UInt8, stream: UInt32 = 0, _ payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, 0]
    write(stream, to: &bytes, at: 5)
    return bytes + payload
  }

  private static func write(_ number: UInt32, to bytes: inout [UInt8], at place: Int) {
    for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: number >> UInt32(8 * (3 - byte))) }
  }
}
