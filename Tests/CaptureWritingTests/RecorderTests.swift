// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import PcapCapture
import System
import Testing

@testable import CaptureWriting

/// The thread that writes.
@Suite struct RecorderTests {
  @Test func `what two workers read is in the file when the recorder has ended`() throws {
    let path = NSTemporaryDirectory() + "wiretally-recorder-\(getpid()).pcapng"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let plan = CaptureRecorder.Plan(
      names: CaptureNames(path), size: 1 << 30, files: 1, span: nil, program: "wiretally", source: "eth0",
      depth: .streams)
    let recorder = try CaptureRecorder(plan, workers: 2, labels: nil)
    try recorder.start(try CaptureFiles(plan))
    let head = Array("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".utf8)
    for number in 0..<5_000 as Range<UInt32> {
      let segment = Segment(
        time: 1_700_000_000_000_000_000 + UInt64(number), source: Endpoint(ipv4: number, port: 1_000),
        destination: Endpoint(ipv4: 2, port: 80), sequence: 1, acknowledgement: 1,
        payloadLength: UInt32(head.count), flags: .ack, kind: .stream)
      let queue = recorder.queues[Int(number % 2)]
      queue.add(segment, head.rawSpan)
      if number % 100 == 0 { queue.wake() }
    }
    recorder.finish()
    let end = ContinuousClock.now + .seconds(60)
    while !recorder.isDone, ContinuousClock.now < end { usleep(1_000) }
    #expect(recorder.isDone && recorder.dropped == 0)
    #expect(recorder.account == CaptureRecorder.Account(written: 5_000, failed: 0, fault: nil))
    let source = FileSource(paths: [path], ports: .http)
    var count = 0
    while try source.receive(timeout: 0, { _, _ in count += 1 }) != .ended {}
    #expect(count == 5_000)
  }
}
