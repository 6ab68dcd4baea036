// SPDX-License-Identifier: Apache-2.0
import Glibc
import Randomness
import System
import TLSPlaces
import Testing

@testable import KernelCapture

/// The list of events that root has made for a watch.
struct ProbeEventsTests {
  @Test func `a list is read as it was written`() {
    var events = ProbeEvents()
    for number in 0..<20 as Range<UInt64> {
      let file = TLSLibrary.Identity(device: number % 3, inode: .max - number)
      events.add(
        UInt32(number), ProbeEvents.Place(file: file, offset: number << 40, isReturn: number % 2 == 0))
    }
    #expect(ProbeEvents(events.text) == events && events.numbers.count == 20)
  }

  @Test func `lines that make no sense are passed over`() {
    let good = "64768 17 4096 r 2326"
    for line in [
      "", "64768 17 4096 r", "64768 17 4096 x 1", "64768 17 -1 p 1", "a 17 1 p 1", good + " 1", "1  2 p 3",
    ] {
      let events = ProbeEvents(line + "\n" + good + "\n")
      let place = ProbeEvents.Place(file: .init(device: 64_768, inode: 17), offset: 4_096, isReturn: true)
      #expect(events.numbers == [place: 2_326], "\(line)")
    }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<5_000 {
      let bytes = (0..<60).map { _ in Array("0189 rp\n-x".utf8).randomElement(using: &random)! }
      let events = ProbeEvents(String(decoding: bytes, as: UTF8.self))
      #expect(ProbeEvents(events.text) == events)
    }
  }

  @Test func `what is missing has words`() {
    let way = UprobeLinks.Way.prepared(ProbeEvents())
    #expect(TLSCanary.reason(SystemError(ENOENT), way).contains("of another program"))
    #expect(TLSCanary.reason(SystemError(EPERM), way).contains("SystemCallFilter=perf_event_open"))
    #expect(TLSCanary.reason(SystemError(EACCES), way).contains("kernel.perf_event_paranoid=2"))
    #expect(TLSCanary.reason(SystemError(EACCES), .events).contains("prepare-tls"))
    #expect(TLSFinding.UnreadReason.needsEvents.description.contains("prepare-tls"))
  }
}
