// SPDX-License-Identifier: Apache-2.0
import Capture
import System
import Testing

@testable import Exchanges

/// The stage of streams alone: numbers go in, places come out, and it learns what was read.
@Suite struct StreamAssemblerTests {
  static let key = FlowKey(aHigh: 0, aLow: 1, bHigh: 0, bLow: 2, ports: 40_000 << 16 | 80)

  /// A stage with one flow, the first one, that was opened at 1,000 and 5,000.
  static func stage(isStreams: Bool = true, _ limits: ExchangeLimits = .file, isOpen: Bool = true)
    -> StreamAssembler
  {
    var streams = StreamAssembler(limits: limits, isStreams: isStreams, seed: 7)
    _ = streams.insert(key, hash: key.hash(FlowSecrets(seed: 7)))
    if isOpen {
      streams.open(flow, .forward, at: 1_000)
      streams.open(flow, .backward, at: 5_000)
    }
    return streams
  }

  static let flow = FlowIndex(offset: 0)

  static func chunk(
    _ sequence: UInt32, _ length: UInt32, _ direction: Direction = .forward, acknowledging: UInt32? = nil,
    kind: Segment.Kind = .stream
  ) -> Chunk {
    Chunk(
      flow: flow, direction: direction, kind: kind, hasAcknowledgement: acknowledging != nil,
      sequence: sequence, acknowledgement: acknowledging ?? 0, length: length, time: 1)
  }

  static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 120, count: count) }

  @Test func `a segment is next, seen, overlapping or late by what was read before it`() {
    var streams = Self.stage()
    let first = streams.place(Self.chunk(1_000, 100), Self.bytes(100).rawSpan, for: .requests, at: 1)
    streams.advance(past: Self.chunk(1_000, 100))
    let again = streams.place(Self.chunk(1_020, 80), Self.bytes(80).rawSpan, for: .requests, at: 1)
    let overlap = streams.place(Self.chunk(1_090, 20), Self.bytes(20).rawSpan, for: .requests, at: 1)
    streams.jump(to: Self.chunk(2_000, 10), known: 0)
    streams.advance(past: Self.chunk(2_000, 10))
    let late = streams.place(Self.chunk(1_500, 10), Self.bytes(10).rawSpan, for: .requests, at: 1)
    #expect(first == .next && again == .duplicate && overlap == .overlap(10) && late == .late)
    #expect(streams.position(of: Self.flow, .forward) == 2_010)
    #expect(streams.position(of: Self.flow, .backward) == 5_000)
  }

  @Test func `a segment ahead of missing bytes waits until they were read`() {
    var streams = Self.stage()
    let ahead = streams.place(Self.chunk(1_100, 50), Self.bytes(50).rawSpan, for: .requests, at: 9)
    let waiting = streams.placeHeld(Self.flow, .forward, for: .requests)
    #expect(ahead == .held && waiting == .held && streams.hasHeld(Self.flow))
    #expect(streams.waiting(for: 10, at: 18) == nil)
    #expect(streams.waiting(for: 10, at: 19) == Self.flow)
    streams.advance(past: Self.chunk(1_000, 100))
    let now = streams.placeHeld(Self.flow, .forward, for: .requests)
    #expect(now == .next)
    let held = streams.firstHeld(Self.flow, .forward).map { streams.held($0) }
    #expect(held?.chunk.sequence == 1_100 && held?.captured == 50)
    streams.removeFirstHeld(Self.flow, .forward)
    streams.settle(Self.flow, isOver: true, at: 20)
    #expect(!streams.hasHeld(Self.flow) && streams.firstWaiting == nil)
  }

  @Test func `a response waits for the request that it acknowledges, unless that was given up`() {
    var streams = Self.stage()
    let response = Self.chunk(5_000, 10, .backward, acknowledging: 1_100)
    let early = streams.place(response, Self.bytes(10).rawSpan, for: .responses, at: 1)
    #expect(early == .held)
    let resumption = streams.resume(Self.flow, .backward)
    #expect(resumption?.isFirst == false && resumption?.missing == 0)
    let alone = streams.placeHeld(Self.flow, .backward, for: .responses)
    #expect(alone == .next)
    streams.removeFirstHeld(Self.flow, .backward)
    streams.advance(past: response)
    streams.advance(past: Self.chunk(1_000, 100))
    let next = Self.chunk(5_010, 10, .backward, acknowledging: 1_100)
    let inTime = streams.place(next, Self.bytes(10).rawSpan, for: .responses, at: 1)
    #expect(inTime == .next)
  }

  @Test func `what is demanded decides what waits`() {
    var streams = Self.stage()
    let chunk = Self.chunk(1_000, 10, acknowledging: 9_000)
    let asked = streams.place(chunk, Self.bytes(10).rawSpan, for: .requests, at: 1)
    let paused = streams.place(chunk, Self.bytes(10).rawSpan, for: .paused, at: 1)
    let ahead = streams.place(Self.chunk(1_100, 10), Self.bytes(10).rawSpan, for: .nothing, at: 1)
    #expect(asked == .next && paused == .held && ahead == .passedOver)
    #expect(streams.position(of: Self.flow, .forward) == 1_110)
  }

  @Test func `where gaps are normal nothing waits for them`() {
    var streams = Self.stage(isStreams: false)
    let start = Self.chunk(1_300, 10, kind: .start)
    let gap = streams.place(start, Self.bytes(10).rawSpan, for: .requests, at: 1)
    #expect(gap == .gap(300) && !streams.hasHeld(Self.flow))
    streams.jump(to: start, known: 200)
    let body = streams.place(
      Self.chunk(1_100, 100, kind: .start), Self.bytes(100).rawSpan, for: .requests, at: 1)
    let before = streams.place(
      Self.chunk(1_250, 10, kind: .start), Self.bytes(10).rawSpan, for: .requests, at: 1)
    #expect(body == .duplicate && before == .late)
  }

  @Test func `where gaps are normal, segments of a connection that passes whole wait all the same`() {
    var streams = Self.stage(isStreams: false)
    let ahead = streams.place(Self.chunk(1_100, 50), Self.bytes(50).rawSpan, for: .requests, at: 9)
    #expect(ahead == .held && streams.hasHeld(Self.flow))
    let next = streams.place(
      Self.chunk(1_000, 100, kind: .start), Self.bytes(100).rawSpan, for: .requests, at: 9)
    streams.advance(past: Self.chunk(1_000, 100))
    let now = streams.placeHeld(Self.flow, .forward, for: .requests)
    #expect(next == .next && now == .next)
    // A response waits for the request that it acknowledges.
    let response = Self.chunk(5_000, 10, .backward, acknowledging: 1_500)
    let early = streams.place(response, Self.bytes(10).rawSpan, for: .responses, at: 9)
    #expect(early == .held)
  }

  @Test func `a connection may be asked for a few times, and is calm after some requests`() {
    var streams = Self.stage(isStreams: false)
    let asked = (0..<6).map { _ in streams.takeMark(of: Self.flow) }
    #expect(asked == [true, true, true, true, false, false])
    for _ in 1..<ExchangeLimits.calmRequests { streams.calm(Self.flow) }
    let before = streams.isCalm(Self.flow)
    streams.calm(Self.flow)
    let after = streams.isCalm(Self.flow)
    streams.disturb(Self.flow)
    let disturbed = streams.isCalm(Self.flow)
    #expect(!before && after && !disturbed)
  }

  @Test func `without room reading continues after the gap`() {
    var limits = ExchangeLimits.file
    limits.heldPerDirection = 1
    var streams = Self.stage(limits)
    let held = streams.place(Self.chunk(1_100, 10), Self.bytes(10).rawSpan, for: .requests, at: 1)
    let full = streams.place(Self.chunk(1_200, 10), Self.bytes(10).rawSpan, for: .requests, at: 1)
    #expect(held == .held && full == .noRoom)
    let atOnce = streams.placeAtOnce(Self.chunk(1_200, 10))
    #expect(atOnce == .gap(200) && streams.position(of: Self.flow, .forward) == 1_200)
  }

  @Test func `a long segment waits in parts, of which one counts`() {
    var streams = Self.stage()
    let held = streams.place(Self.chunk(1_001, 5_000), Self.bytes(5_000).rawSpan, for: .requests, at: 1)
    #expect(held == .held)
    var parts: [(UInt32, UInt32, Bool)] = [], next = streams.firstHeld(Self.flow, .forward)
    while let index = next {
      let chunk = streams.held(index).chunk
      parts.append((chunk.sequence, chunk.length, chunk.isFirst))
      next = streams.held(after: index)
    }
    #expect(parts.map(\.0) == [1_001, 3_049, 5_097])
    #expect(parts.map(\.1) == [2_048, 2_048, 904])
    #expect(parts.map(\.2) == [true, false, false])
    let dropped = streams.dropHeld(Self.flow)
    #expect(dropped == 1 && !streams.hasHeld(Self.flow) && streams.firstWaiting == nil)
  }

  @Test func `a direction first seen in its midst begins there`() {
    var streams = Self.stage(isStreams: false, isOpen: false)
    #expect(streams.position(of: Self.flow, .forward) == nil)
    let first = streams.place(Self.chunk(77, 10), Self.bytes(10).rawSpan, for: .responses, at: 1)
    #expect(first == .first && streams.position(of: Self.flow, .forward) == 77)
  }

  @Test func `a SYN is known, come late, or another connection's`() {
    var streams = Self.stage(isOpen: false)
    let first = streams.opening(Self.flow, .forward, at: 1_000)
    #expect(first == .first)
    _ = streams.placeAtOnce(Self.chunk(1_000, 10))
    streams.advance(past: Self.chunk(1_000, 10))
    let late = streams.opening(Self.flow, .forward, at: 990)
    let again = streams.opening(Self.flow, .forward, at: 990)
    let another = streams.opening(Self.flow, .forward, at: 77)
    #expect(late == .known && again == .known && another == .another)
    streams.reset(Self.flow)
    let fresh = streams.opening(Self.flow, .forward, at: 77)
    #expect(fresh == .first)
  }

  @Test func `the flow that was idle for longest makes room`() {
    var limits = ExchangeLimits.file
    limits.flows = 2
    var streams = Self.stage(limits)
    let other = FlowKey(aHigh: 0, aLow: 1, bHigh: 0, bLow: 3, ports: 80)
    #expect(streams.nextToEvict == nil)
    _ = streams.insert(other, hash: other.hash(FlowSecrets(seed: 7)))
    #expect(streams.nextToEvict == Self.flow)
    let found = streams.use(Self.key, hash: Self.key.hash(FlowSecrets(seed: 7)))
    #expect(found == Self.flow && streams.nextToEvict == FlowIndex(offset: 1))
    streams.remove(FlowIndex(offset: 1))
    let gone = streams.use(other, hash: other.hash(FlowSecrets(seed: 7)))
    #expect(gone == nil && streams.nextToEvict == nil)
  }

  @Test func `a flow that joins another one brings what it holds and what the other one lacks`() {
    var streams = Self.stage()
    let key = FlowKey(aHigh: 0, aLow: 9, bHigh: 0, bLow: 2, ports: 80)
    let inserted = streams.insert(key, hash: key.hash(FlowSecrets(seed: 7)))
    guard let other = inserted else {
      Issue.record("no room")
      return
    }
    let held = streams.place(Self.chunk(1_100, 10), Self.bytes(10).rawSpan, for: .requests, at: 1)
    let isMoved = streams.join((Self.flow, .forward), to: (other, .backward), at: 2)
    #expect(held == .held && isMoved)
    #expect(streams.position(of: other, .backward) == 1_000)
    #expect(streams.position(of: Self.flow, .forward) == nil)
    let chunk = streams.firstHeld(other, .backward).map { streams.held($0).chunk }
    #expect(chunk?.flow == other && chunk?.direction == .backward && !streams.hasHeld(Self.flow))
    let main = streams.resolve((Self.flow, .backward))
    #expect(main?.flow == other && main?.direction == .forward)
    streams.dropAlias(Self.flow)
    let own = streams.resolve((Self.flow, .backward))
    #expect(own == nil && streams.isFresh(Self.flow))
  }
}
