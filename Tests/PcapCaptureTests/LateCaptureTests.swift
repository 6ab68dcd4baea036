// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Foundation
import HTTP2
import PcapCapture
import System
import Testing
import Text

/// HTTP/2 of real programs, joined at any segment and without any one of them: what is not known is never guessed.
@Suite struct LateCaptureTests {
  struct Packet {
    var segment: Segment
    var payload: [UInt8]
  }

  /// What was counted of some packets, by all its names: nothing of it may be more than in the whole file.
  final class Account {
    private(set) var counts: [String: Int] = [:]
    private(set) var statuses: [UInt16: Int] = [:]
    private(set) var requests: UInt64 = 0
    private(set) var isBalanced = false
    private var names: [RequestIndex?: String] = [:]

    init(_ packets: some Sequence<Packet>) {
      var limits = ExchangeLimits.file
      // A few connections: less memory to make for each of thousands of readings.
      (limits.flows, limits.pendingRequests, limits.heldSegments) = (64, 2_048, 256)
      (limits.smallHeads, limits.largeHeads, limits.http2Connections) = (16, 2, 64)
      var tracker = ExchangeTracker(limits: limits, depth: .streams, seed: 1)
      tracker.batch.isDetailed = true
      // One segment may bring about more than a batch holds: a hundred streams are given up at once.
      tracker.spill = { [unowned self] in note($0) }
      for packet in packets {
        tracker.process(packet.segment, packet.payload.rawSpan)
        note(tracker.batch)
        tracker.batch.clear()
      }
      tracker.finish()
      note(tracker.batch)
      let c = tracker.counters
      requests = c.requests
      isBalanced =
        c.requests + c.responses == c.headSegments + c.pipelinedHeads
        && c.responses == c.exchanges + c.unmatchedResponses + c.interim + c.unsettledResponses
        && c.openResponses == 0
    }

    private func note(_ batch: borrowing EventBatch) {
      for index in 0..<batch.count {
        let event = batch[index]
        switch event.kind {
        case .request:
          let texts = [event.site, event.section, batch.detail(index).target].map { Self.text(batch, $0) }
          let name = "\(event.method) \(texts.joined(separator: " "))"
          names[event.exchange] = name
          counts["request \(name)", default: 0] += 1
          counts["site \(texts[0])", default: 0] += 1
          counts["target \(texts[2])", default: 0] += 1
        case .answered:
          counts["answer \(names[event.exchange] ?? "?") \(event.status)", default: 0] += 1
          counts["outcome \(names[event.exchange] ?? "?") \(event.outcome)", default: 0] += 1
          statuses[event.status, default: 0] += 1
        case .unmatchedResponse, .interim: statuses[event.status, default: 0] += 1
        case .aborted, .timedOut, .unknown, .inFlight:
          if event.hasResponse, event.status > 0 { statuses[event.status, default: 0] += 1 }
        }
      }
    }

    private static func text(_ batch: borrowing EventBatch, _ range: NameRange) -> String {
      let bytes = batch.names.bytes(start: Int(range.start), count: Int(range.count))
      return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
    }

    /// What is in this account and not in the whole one.
    func wrong(beside whole: Account) -> [String] {
      let names = counts.filter {
        !$0.key.contains("(unknown)") && whole.counts[$0.key, default: 0] < $0.value
      }
      let codes = statuses.filter { whole.statuses[$0.key, default: 0] < $0.value }
      return names.map { "\($0.value) of \($0.key)" } + codes.map { "\($0.value) of status \($0.key)" }
        + (isBalanced ? [] : ["the accounting"])
    }
  }

  static let captures: [String] = CaptureTruthTests.made.filter { name in
    ((try? CaptureTruth(of: "\(CaptureTruth.made)/\(name)"))?.truth.http2_prefaces ?? 0) > 0
  }

  private func packets(of name: String) throws -> [Packet] {
    let path = "\(CaptureTruth.made)/\(name)"
    let ports = try #require(PortSet(try CaptureTruth(of: path).ports.map { $0...$0 }))
    let source = FileSource(paths: [path], ports: ports)
    var packets: [Packet] = []
    while try source.receive(
      timeout: 0,
      { segment, payload in
        packets.append(
          Packet(segment: segment, payload: (0..<payload.byteCount).map { payload.byte($0) }))
      }) != .ended
    {}
    return packets
  }

  /// Every place of a capture; of a long one 80 to 160, since each is a reading of all that follows.
  private static func places(in packets: [Packet]) -> StrideTo<Int> {
    stride(from: 0, to: packets.count, by: max(1, packets.count / 80))
  }

  @Test func `captures of HTTP/2 are among those that are kept`() {
    #expect(Self.captures.count >= 40)
  }

  /// Whether a segment begins with a request's HEADERS frame whose method and scheme need no table but the static one:
  /// the first that a late reader can read.
  private static func isReadable(_ packet: Packet) -> Bool {
    let payload = packet.payload, bytes = payload.rawSpan
    guard packet.payload.count > FrameHeader.length, packet.payload.count == packet.segment.payloadLength
    else {
      return false
    }
    let header = FrameHeader(bytes, at: 0)
    let end = FrameHeader.length + header.payload
    guard header.type == FrameHeader.Kind.headers, header.stream & 1 == 1, end <= packet.payload.count,
      header.has(FrameHeader.Flags.endHeaders), !header.has(FrameHeader.Flags.padded)
    else { return false }
    let start = FrameHeader.length + (header.has(FrameHeader.Flags.priority) ? 5 : 0)
    let list = HeaderList()
    guard (try? HeaderDecoder(joinedLate: true).decode(bytes.extracting(start..<end), into: list)) != nil
    else {
      return false
    }
    guard case .field = list.find(.method), case .field = list.find(.scheme) else { return false }
    return true
  }

  /// The number of frames that begin in a segment which begins with one.
  private static func frames(in packet: Packet) -> Int {
    var offset = 0, count = 0
    let payload = packet.payload
    while offset + FrameHeader.length <= payload.count {
      offset += FrameHeader.length + FrameHeader(payload.rawSpan, at: offset).payload
      count += 1
    }
    return count
  }

  /// How many frames follow the segment of the first readable HEADERS until a connection that is joined at `start` is
  /// found; nil when none is readable.
  private static func framesUntilFound(_ packets: [Packet], from start: Int) -> Int? {
    guard let first = packets[start...].firstIndex(where: isReadable) else { return nil }
    var frames = 0
    for place in first..<packets.count {
      if isFound(packets[start...place]) { return frames }
      if place > first { frames += Self.frames(in: packets[place]) }
      if frames > 3 { break }
    }
    return .max
  }

  /// Whether a connection of HTTP/2 is found in segments that end here; what waits for those before it is read then.
  private static func isFound(_ packets: ArraySlice<Packet>) -> Bool {
    var limits = ExchangeLimits.file
    (limits.flows, limits.pendingRequests, limits.heldSegments) = (8, 2_048, 256)
    (limits.smallHeads, limits.largeHeads, limits.http2Connections) = (16, 2, 8)
    var tracker = ExchangeTracker(limits: limits, depth: .streams, seed: 1)
    tracker.spill = { _ in }
    for packet in packets {
      tracker.process(packet.segment, packet.payload.rawSpan)
      tracker.batch.clear()
    }
    tracker.finish()
    return tracker.counters.http2 > 0
  }

  @Test func `joined at any segment, a connection is found within three frames after a readable block`()
    throws
  {
    var joins = 0, recordings = 0, most = 0
    for name in Self.captures {
      let truth = try CaptureTruth(of: "\(CaptureTruth.made)/\(name)").truth
      // Of one connection alone, so that it is known which one is found.
      guard truth.http2_prefaces == 1 else { continue }
      let packets = try packets(of: name)
      // The preface, the first request and what is before them are no late join.
      guard let begun = packets.firstIndex(where: Self.isReadable), begun + 1 < packets.count else {
        continue
      }
      let before = joins
      for start in (begun + 1)..<min(packets.count, begun + 200) {
        guard let frames = Self.framesUntilFound(packets, from: start) else { break }
        #expect(frames <= 3, "\(name), joined at \(start): \(frames)")
        most = max(most, frames)
        joins += 1
      }
      if joins > before { recordings += 1 }
    }
    print("joined at \(joins) segments of \(recordings) recordings: found after \(most) frames at most")
    #expect(recordings >= 10 && joins >= 100)
  }

  @Test(arguments: captures)
  func `joined at any segment, no name, status or outcome is wrong`(name: String) throws {
    let packets = try packets(of: name)
    let whole = Account(packets)
    #expect(whole.isBalanced && whole.requests > 0)
    for start in Self.places(in: packets) {
      let wrong = Account(packets[start...]).wrong(beside: whole)
      #expect(wrong.isEmpty, "joined at \(start): \(wrong)")
    }
  }

  @Test(arguments: captures)
  func `without any one segment, no name, status or outcome is wrong`(name: String) throws {
    let packets = try packets(of: name)
    let whole = Account(packets)
    for lost in Self.places(in: packets) where !packets[lost].payload.isEmpty {
      let wrong = Account(packets[..<lost] + packets[(lost + 1)...]).wrong(beside: whole)
      #expect(wrong.isEmpty, "without \(lost): \(wrong)")
    }
  }
}
