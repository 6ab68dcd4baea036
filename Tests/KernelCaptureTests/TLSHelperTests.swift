// SPDX-License-Identifier: Apache-2.0
import Capture
import Glibc
import Randomness
import System
import TLSPlaces
import Testing

@testable import KernelCapture

/// What a watch and its helper process write to each other.
@Suite struct TLSHelperTests {
  @Test(
    arguments: [
      .hold(.init(device: .max, inode: 1)), .keep(.init(device: 1, inode: .max)),
      .release(.init(device: 0, inode: .max)), .start,
      .attached(kind: .go, path: "/a b/\u{1b}c"), .refused(kind: .openSSL, path: "/a", reason: "is: so"),
      .program("nginx", .nothing), .program("", .attached), .program("java", .unattached("Java")),
    ] as [TLSHelperReport])
  func `a report is read as it was written`(report: TLSHelperReport) {
    #expect(TLSHelperReport(report.bytes) == report)
  }

  @Test func `what is no report is none`() {
    for text in ["", "hold", "hold\0x\01", "attached\0TLS\0/a", "start\0", "program", "refused\0Go\0/a"] {
      #expect(TLSHelperReport(Array(text.utf8)) == nil, "\(text)")
    }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<10_000 {
      let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      if let report = TLSHelperReport(bytes) { #expect(TLSHelperReport(report.bytes) == report) }
    }
  }

  /// A pipe's reading end: closed when all of its descriptors are, which the writing end shows.
  private static func pipe() throws -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    // Fills two descriptors.
    try #require(unsafe Glibc.pipe(&ends) == 0)
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  @Test func `descriptors come with their report, and the other side's end shows`() throws {
    var (here, there): (TLSHelperSocket?, TLSHelperSocket) = try TLSHelperSocket.pair()
    guard case .nothing = there.receive() else {
      Issue.record("something was there")
      return
    }
    let (reader, writer) = try Self.pipe()
    #expect(here?.send(.attached(kind: .go, path: "/a"), [reader, writer]) == true)
    #expect(here?.send(.start) == true)
    guard case .report(.attached(.go, "/a"), let descriptors) = there.receive() else {
      Issue.record("no report")
      return
    }
    try #require(descriptors.count == 2)
    // What is written into one comes out of the other: they are the pipe's, under numbers of their own.
    #expect(Set(descriptors.map(\.number)).isDisjoint(with: [reader.number, writer.number]))
    var byte: UInt8 = 7
    // One byte in a local variable.
    #expect(unsafe write(descriptors[1].number, &byte, 1) == 1)
    byte = 0
    #expect(unsafe read(reader.number, &byte, 1) == 1 && byte == 7)
    #expect(fcntl(descriptors[0].number, F_GETFD) & FD_CLOEXEC != 0)
    guard case .report(.start, let none) = there.receive() else {
      Issue.record("no report")
      return
    }
    #expect(none.isEmpty)
    here = nil
    guard case .ended = there.receive() else {
      Issue.record("the end was not seen")
      return
    }
  }
}
