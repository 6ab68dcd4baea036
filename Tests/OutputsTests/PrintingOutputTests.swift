// SPDX-License-Identifier: Apache-2.0
import AlertDelivery
import Alerting
import Capture
import ExchangeStream
import Foundation
import Reporting
import Statistics
import Testing

@testable import wiretally

/// Standard output as a pipe, and what the outputs print to it.
@Suite struct PrintingOutputTests {
  private static func text(_ pipe: Pipe) -> String {
    pipe.fileHandleForWriting.closeFile()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  private static func descriptor(_ pipe: Pipe) -> Int32 { pipe.fileHandleForWriting.fileDescriptor }

  @Test func `queued pages arrive, and the account of a reader that reads is empty`() throws {
    let pipe = Pipe()
    let output = StandardOutput(isQueued: true, unit: .page, descriptor: Self.descriptor(pipe))
    output.open()
    output.write(Array("one\n".utf8))
    output.write(Array("two\n".utf8), isLast: true)
    output.drain()
    #expect(output.droppedUnits == 0 && output.unwrittenRecords == 0 && output.warnings.isEmpty)
    #expect(Self.text(pipe) == "one\ntwo\n")
  }

  @Test func `what is dropped is a warning with its number`() throws {
    let pipe = Pipe()
    let output = StandardOutput(isQueued: true, unit: .line, descriptor: Self.descriptor(pipe))
    output.open()
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 99_999) + [UInt8(ascii: "\n")]
    for _ in 0..<20 { output.write(line, records: 2) }
    #expect(output.droppedUnits >= 9)
    #expect(output.warnings == ["\(output.droppedUnits) lines dropped: standard output is read too slowly"])
    #expect(!output.hasRoom(below: 65_536))
    output.drain()
    // None was written whole: the pipe holds less than a line.
    #expect(output.unwrittenRecords == 2 * (20 - output.droppedUnits))
    // The thread must be done before the pipe's number can belong to another test.
    let reading = pipe.fileHandleForReading
    var left = Int(20 - output.droppedUnits) * 100_000
    while left > 0 { left -= reading.availableData.count }
  }

  @Test func `a reader that has gone ends it, whether lines are queued or not`() throws {
    signal(SIGPIPE, SIG_IGN)
    for isQueued in [true, false] {
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      let output = StandardOutput(isQueued: isQueued, unit: .line, descriptor: Self.descriptor(pipe))
      output.open()
      #expect(output.hasReader)
      output.write(Array("one\n".utf8))
      for _ in 0..<500 where output.hasReader {
        output.follow(at: 0)
        usleep(10_000)
      }
      #expect(!output.hasReader)
      #expect(output.unwrittenRecords == 1)
    }
  }

  @Test func `what cannot be written is counted when nothing is queued`() throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let output = StandardOutput(isQueued: false, unit: .line, descriptor: full.fileDescriptor)
    output.write(Array("one\ntwo\n".utf8), records: 2)
    #expect(output.hasReader && output.unwrittenRecords == 2)
  }

  @Test func `objects: an interval's line, then its alerts', and the summary`() throws {
    let pipe = Pipe()
    let output = StandardOutput(isQueued: false, unit: .line, descriptor: Self.descriptor(pipe))
    let json = JSONOutput(output, CaptureLabel(backend: "file", source: "x", ports: "80"))
    let reporter = try ReporterTests.reporter([output, json])
    reporter.showIntervals(at: ReporterTests.start + 2 * ReporterTests.second + ReporterTests.second / 2)
    reporter.summarize()
    let types = try Self.text(pipe).split(separator: "\n").map {
      (try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["type"] as? String
    }
    #expect(types == ["interval", "alert", "summary"])
  }

  @Test func `the alert log has the lines of the intervals' alerts`() throws {
    let path = NSTemporaryDirectory() + "wiretally-" + UUID().uuidString + ".log"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = AlertLogOutput(try AlertLog(path: path), isReportedAside: false)
    let reporter = try ReporterTests.reporter([log])
    reporter.showIntervals(at: ReporterTests.start + 2 * ReporterTests.second + ReporterTests.second / 2)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.split(separator: "\n").count == 1 && text.contains("ALERT raised"), "\(text)")
    #expect(log.warnings.isEmpty)
  }
}
