// SPDX-License-Identifier: Apache-2.0
import Capture
import PacketBuilder
import Testing

@testable import KernelCapture

/// Depth `auto`: which segments without payload pass, by what they tell of a connection that the reader may know.
@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct BareSegmentTests {
  let trial: Trial
  let marks: DepthMarks

  init() throws {
    trial = try Trial(KernelCaptureOptions(depth: .auto, ringBytes: 1 << 20))
    marks = try #require(trial.filter.filter.marks)
  }

  /// A connection from its client's side, and what passes of it.
  private struct Talk {
    static let (fin, syn, reset, ack) = (UInt8(17), UInt8(2), UInt8(4), UInt8(16))
    let trial: Trial
    var packet = Packet()
    var asked: UInt32 = 1_000
    var answered: UInt32 = 5_000

    /// The number of records of a segment without payload; `isAnswer`: from the server.
    func bare(_ flags: UInt8, isAnswer: Bool = false) throws -> [Trial.Record] {
      try trial.records(segment(flags, isAnswer))
    }

    private func segment(_ flags: UInt8, _ isAnswer: Bool) -> Packet {
      let own = packet.flags(flags)
      return isAnswer
        ? own.reversed().sequence(answered).acknowledgement(asked)
        : own.sequence(asked).acknowledgement(answered)
    }

    mutating func ask(_ text: String = request) throws {
      #expect(try trial.records(segment(Self.ack, false).payload(text)).count == 1)
      asked += UInt32(text.utf8.count)
    }

    mutating func answer(_ text: String = response, flags: UInt8 = ack, to asked: UInt32? = nil) throws {
      let packet = segment(flags, true).payload(text).acknowledgement(asked ?? self.asked)
      #expect(try trial.records(packet).count == 1)
      answered += UInt32(text.utf8.count)
    }
  }

  private func talk(_ packet: Packet = Packet()) -> Talk { Talk(trial: trial, packet: packet) }

  @Test
  func `a SYN and its answer pass as the first of an address, and where a connection of the ports is known`()
    throws
  {
    var talk = talk()
    #expect(try talk.bare(Talk.syn).count == 1 && talk.bare(18, isAnswer: true).count == 1)
    talk.packet = talk.packet.from(port: 40_001)
    #expect(try talk.bare(Talk.syn).isEmpty && talk.bare(18, isAnswer: true).isEmpty)
    try talk.ask()
    #expect(try talk.bare(Talk.syn).count == 1 && talk.bare(18, isAnswer: true).count == 1)
  }

  @Test func `a FIN passes while a request waits, from either side`() throws {
    var talk = talk()
    try talk.ask()
    let ends = try talk.bare(Talk.fin, isAnswer: true) + talk.bare(Talk.fin)
    #expect(ends.map(\.segment.endsBoth) == [false, false])
  }

  @Test(arguments: [false, true])
  func `after the answer one FIN is left out, and the other one ends both`(isServerFirst: Bool) throws {
    var talk = talk()
    try talk.ask()
    try talk.answer()
    #expect(try talk.bare(Talk.fin, isAnswer: isServerFirst).isEmpty)
    #expect(try talk.bare(Talk.fin, isAnswer: isServerFirst).isEmpty, "sent again")
    #expect(try talk.bare(Talk.fin, isAnswer: !isServerFirst).map(\.segment.endsBoth) == [true])
    #expect(try talk.bare(Talk.fin, isAnswer: !isServerFirst).isEmpty, "sent again")
    // Another request: it was no end after all.
    try talk.ask()
    #expect(try talk.bare(Talk.fin, isAnswer: true).map(\.segment.endsBoth) == [false])
  }

  @Test func `interim answers, and what does not acknowledge the request, answer nothing`() throws {
    var talk = talk()
    try talk.ask()
    try talk.answer("HTTP/1.1 103 Early Hints\r\n\r\n")
    try talk.answer(to: talk.asked - 1)
    #expect(try talk.bare(Talk.fin, isAnswer: true).count == 1)
    #expect(try talk.bare(Talk.fin).map(\.segment.endsBoth) == [false])
  }

  @Test func `of who sends a request before the answer to another one each FIN passes`() throws {
    var talk = talk()
    try talk.ask()
    try talk.ask()
    try talk.answer()
    #expect(try talk.bare(Talk.fin, isAnswer: true).count == 1 && talk.bare(Talk.fin).count == 1)
  }

  @Test func `after a FIN with an answer the other side's passes`() throws {
    var talk = talk()
    try talk.ask()
    try talk.answer(flags: Talk.fin)
    #expect(try talk.bare(Talk.fin).map(\.segment.endsBoth) == [false])
  }

  @Test func `a RST passes always`() throws {
    var talk = talk()
    #expect(try talk.bare(Talk.reset).count == 1)
    try talk.ask()
    try talk.answer()
    #expect(try talk.bare(Talk.reset).count == 1 && talk.bare(Talk.reset, isAnswer: true).count == 1)
  }

  @Test func `a FIN that its receiver drops changes nothing`() throws {
    var talk = talk()
    try talk.ask()
    try talk.answer()
    let packet = talk.packet
    talk.packet = packet.with { $0.checksum = .wrong }
    #expect(try talk.bare(Talk.fin, isAnswer: true).count == 1)
    talk.packet = packet
    #expect(try talk.bare(Talk.fin).isEmpty)
    #expect(try talk.bare(Talk.fin, isAnswer: true).map(\.segment.endsBoth) == [true])
  }

  @Test(arguments: [false, true])
  func `a SYN passes where another connection has taken the slot of an open one`(isClosed: Bool) throws {
    let other = try #require(SlotSharer(marks))
    var first = talk(), second = talk(other.packet)
    try first.ask()
    try first.answer()
    if isClosed { _ = try first.bare(Talk.fin) + first.bare(Talk.fin, isAnswer: true) }
    #expect(try second.bare(Talk.syn).count == 1)
    try second.ask()
    // Its address is known.
    _ = try talk(Packet().from(port: 40_001)).bare(Talk.syn)
    #expect(try first.bare(Talk.syn).isEmpty == isClosed)
    // A FIN of who has no slot passes, whatever it is.
    #expect(try first.bare(Talk.fin).count == 1)
  }

  @Test func `every one passes where packets are written, one direction is seen, or at depth heads`() throws {
    var writing = KernelCaptureOptions(depth: .auto, ringBytes: 1 << 20)
    writing.deliversBare = true
    for options in [
      writing, KernelCaptureOptions(depth: .heads, ringBytes: 1 << 20),
    ] {
      var talk = Talk(trial: try Trial(options))
      #expect(try talk.bare(Talk.syn).count == 1 && talk.bare(18, isAnswer: true).count == 1)
      try talk.ask()
      try talk.answer()
      #expect(try talk.bare(Talk.fin).count == 1)
      #expect(try talk.bare(Talk.fin, isAnswer: true).map(\.segment.endsBoth) == [false])
    }
    let inbound = KernelCaptureOptions(depth: .auto, direction: .inbound, ringBytes: 1 << 20)
    var talk = Talk(trial: try Trial(inbound))
    try talk.ask()
    #expect(try talk.bare(Talk.syn).count == 1 && talk.bare(Talk.fin).count == 1)
  }
}
