// SPDX-License-Identifier: Apache-2.0

package import Capture
import Exchanges
import HTTP1
import KernelCapture
import Packets
import Statistics
import System
import Text

/// One part of the pipeline and what it takes.
package struct Stage: Sendable {
  package var name: String
  /// Of the fastest round: whatever else the machine does only ever adds.
  package var nanoseconds: Double
  /// Of the round in the middle; nil when all rounds were measured as one.
  package var median: Double?
  /// What is done once in that time: "packet", "record", "head" or "request".
  package var per: String
}

/// The parts of the pipeline, measured one by one without any network.
package enum Stages {
  /// The filter in the kernel's own test run, and the reader of its ring; the fastest of several rounds.
  package static func filter(_ traffic: HeadTraffic, rounds: Int) throws(CaptureError) -> [Stage] {
    let (client, server) = HeadTraffic.ends(0)
    let elsewhere = Endpoint(ipv4: 0x0a4e_0001, port: 443)
    let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1_400)
    // Decided by its type alone: what is left is the cost of being run.
    var other = HeadTraffic.frame(from: client, to: server, payload: body)
    other.replaceSubrange(12..<14, with: [0x08, 0x06])
    let frames: [(name: String, bytes: [UInt8])] = [
      ("filter, not IP", other),
      ("filter, another port", HeadTraffic.frame(from: client, to: elsewhere, payload: body)),
      ("filter, body data on the port", HeadTraffic.frame(from: server, to: client, payload: body)),
      ("filter, request head", HeadTraffic.frame(from: client, to: server, payload: traffic.requests[0])),
      ("filter, response head", HeadTraffic.frame(from: server, to: client, payload: traffic.response)),
    ]
    let benchmark = try FilterBenchmark.measure(frames: frames, times: 10_000, rounds: max(rounds, 3))
    var stages = benchmark.rows.map {
      Stage(
        name: $0.name, nanoseconds: Double($0.nanoseconds), median: Double($0.median), per: "packet")
    }
    stages.append(Stage(name: "reader, ring to segment", nanoseconds: benchmark.reading, per: "record"))
    return stages
  }

  /// The decoder of capture files, the parser with its names, and the worker from segment to tally, within the time.
  package static func worker(_ traffic: HeadTraffic, seconds: Double) -> [Stage] {
    let (client, server) = HeadTraffic.ends(0)
    let frame = HeadTraffic.frame(from: client, to: server, payload: traffic.requests[0])
    var stages = [
      measure("decoder, Ethernet to TCP", per: "packet", seconds * 0.2) { decode(frame) },
      measure("parser, request with site and section", per: "head", seconds * 0.2) { parse(traffic) },
    ]
    guard let worker = MeasuredWorker(depth: .heads) else { return stages.compactMap(\.self) }
    var stream: UInt32 = 1
    stages.append(
      measure("worker, segment to tally, pairing included", per: "head", seconds * 0.4) {
        var done = 0
        for _ in 0..<40 { done += converse(traffic, worker, &stream) }
        return done
      })
    guard let frames = MeasuredWorker(depth: .streams) else { return stages.compactMap(\.self) }
    stages.append(framed(frames, seconds: seconds * 0.15))
    stages += headerBlocks(seconds: seconds * 0.05)
    return stages.compactMap(\.self)
  }

  /// The decoder of HTTP/2's header blocks; nothing when it does not read them.
  static func headerBlocks(seconds: Double) -> [Stage] {
    guard let traffic = BlockTraffic() else { return [] }
    return [
      measure("header block of 8 fields in the tables", per: "block", seconds / 2) {
        traffic.read(BlockTraffic.later)
      },
      // Afterwards: it fills the table.
      measure("header block of 8 literals, inserted", per: "block", seconds / 2) {
        traffic.read(BlockTraffic.first)
      },
    ].compactMap(\.self)
  }

  /// The same worker for HTTP/2, a request and its answer; nil when it does not count all of them.
  static func framed(_ worker: MeasuredWorker, seconds: Double) -> Stage? {
    var traffic = FrameTraffic()
    traffic.open(worker)
    var sent = FrameTraffic.connections
    let stage = measure("worker, HTTP/2 of ten streams a segment", per: "request", seconds) {
      var done = 0
      for _ in 0..<250 { done += traffic.converse(worker) }
      sent += done
      return done
    }
    return worker.exchanges == UInt64(sent) ? stage : nil
  }

  /// The number of times that a frame was decoded down to TCP.
  private static func decode(_ frame: [UInt8]) -> Int {
    var decoder = PacketDecoder()
    var done = 0
    for _ in 0..<20_000
    where decoder.decode(frame.rawSpan, wireLength: frame.count, link: .ethernet) == .tcp { done += 1 }
    return done
  }

  private static func parse(_ traffic: HeadTraffic) -> Int {
    let names = NameBuffer()
    var head = MessageHead()
    var done = 0
    for _ in 0..<20 {
      for bytes in traffic.requests {
        names.reset()
        guard HeadParser.parse(bytes.rawSpan, into: &head) == .complete else { continue }
        _ = SiteName.append(head, bytes.rawSpan, to: names)
        _ = RequestTarget.appendSection(head, bytes.rawSpan, to: names)
        done += 1
      }
    }
    return done
  }

  /// One request and its response on every connection, at `stream` bytes of each direction.
  private static func converse(
    _ traffic: HeadTraffic, _ worker: MeasuredWorker, _ stream: inout UInt32
  ) -> Int {
    for connection in 0..<HeadTraffic.connections {
      let (client, server) = HeadTraffic.ends(connection)
      let request = traffic.requests[connection]
      worker.take(segment(client, server, stream, stream, request.count, worker.tick()), request.rawSpan)
      worker.take(
        segment(
          server, client, stream, stream &+ UInt32(request.count), traffic.response.count, worker.tick()),
        traffic.response.rawSpan)
    }
    // Beyond every request, so that all connections keep step; what lies between is body to the tracker.
    stream &+= 512
    return 2 * HeadTraffic.connections
  }

  private static func segment(
    _ source: Endpoint, _ destination: Endpoint, _ sequence: UInt32, _ acknowledgement: UInt32, _ length: Int,
    _ time: UInt64
  ) -> Segment {
    Segment(
      time: time, source: source, destination: destination, sequence: sequence,
      acknowledgement: acknowledgement, payloadLength: UInt32(length), flags: Segment.Flags(rawValue: 24),
      kind: .start)
  }

  /// Runs `body` once to warm up, then until the time is over; nil when it never did anything.
  ///
  /// - Parameter body: returns how many things it did.
  private static func measure(_ name: String, per: String, _ seconds: Double, _ body: () -> Int) -> Stage? {
    _ = body()
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var rounds: [Double] = []
    repeat {
      var done = 0
      let spent = clock.measure { done = body() }
      if done > 0 { rounds.append(spent / .nanoseconds(1) / Double(done)) }
    } while clock.now < end
    rounds.sort()
    guard let fastest = rounds.first else { return nil }
    return Stage(name: name, nanoseconds: fastest, median: rounds[rounds.count / 2], per: per)
  }
}
