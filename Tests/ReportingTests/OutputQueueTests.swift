// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct OutputQueueTests {
  /// A pipe of one page, whose writing end a queue writes to.
  private struct Narrow {
    let pipe = Pipe()
    var writing: Int32 { pipe.fileHandleForWriting.fileDescriptor }

    init() throws {
      signal(SIGPIPE, SIG_IGN)
      // F_SETPIPE_SZ, which is not in Swift's view of the C library.
      try #require(fcntl(pipe.fileHandleForWriting.fileDescriptor, 1_031, 4_096) == 4_096)
    }

  }

  private static func line(_ number: Int, _ count: Int = 1_000) -> [UInt8] {
    let head = "\(number) "
    return Array((head + String(repeating: "x", count: count - head.utf8.count - 1) + "\n").utf8)
  }

  @Test func `units arrive whole and in order`() throws {
    let pipe = try Narrow()
    let queue = OutputQueue(ByteOutput(descriptor: pipe.writing), capacity: 1 << 20)
    #expect(queue.start())
    for number in 0..<500 { #expect(queue.add(Self.line(number))) }
    let reading = pipe.pipe.fileHandleForReading
    var data = Data()
    while data.count < 500_000 { data.append(reading.availableData) }
    #expect(data == Data((0..<500).flatMap { Self.line($0) }))
    let account = queue.drain()
    #expect(account.waiting == 0 && account.waitingBytes == 0 && account.waitingRecords == 0)
    #expect(account.dropped == 0 && account.failed == 0 && account.written == 500_000)
    queue.finish()
  }

  @Test func `a reader that takes nothing holds nobody up, and what does not fit is dropped whole`() throws {
    let pipe = try Narrow()
    let queue = OutputQueue(ByteOutput(descriptor: pipe.writing), capacity: 10_000)
    #expect(queue.start())
    let begin = ContinuousClock.now
    var accepted: [Int] = []
    for number in 0..<1_000 where queue.add(Self.line(number), records: 3) { accepted.append(number) }
    #expect(ContinuousClock.now - begin < .seconds(5))
    let full = queue.account
    #expect(accepted.count >= 10 && accepted.count < 100)
    #expect(full.dropped == 1_000 - UInt64(accepted.count))
    #expect(full.waitingBytes <= 10_000 && full.waitingRecords == UInt64(full.waiting) * 3)
    // The last unit, as the summary is, finds room whatever is queued.
    #expect(queue.add(Self.line(1_000), isLast: true))
    accepted.append(1_000)
    let expected = Data(accepted.flatMap { Self.line($0) })
    var data = Data()
    while data.count < expected.count { data.append(pipe.pipe.fileHandleForReading.availableData) }
    #expect(data == expected)
    queue.finish()
  }

  @Test func `the end waits for a reader that takes nothing for a bounded time`() throws {
    let pipe = try Narrow()
    let queue = OutputQueue(ByteOutput(descriptor: pipe.writing), capacity: 1 << 20)
    #expect(queue.start())
    for number in 0..<10 { queue.add(Self.line(number), records: 2) }
    let begin = ContinuousClock.now
    let account = queue.drain(patience: 200)
    #expect(ContinuousClock.now - begin >= .milliseconds(150))
    #expect(ContinuousClock.now - begin < .seconds(10))
    // A pipe of one page is full from its first line on (pipe_full).
    #expect(account.waiting == 9 && account.waitingRecords == 18)
    // The thread must be done before the pipe's number can belong to another test: without a reader it is at once.
    try pipe.pipe.fileHandleForReading.close()
    queue.finish()
    #expect(queue.drain().waiting == 0)
  }

  @Test func `an empty queue takes a unit of any size`() throws {
    let pipe = try Narrow()
    let queue = OutputQueue(ByteOutput(descriptor: pipe.writing), capacity: 100)
    #expect(queue.start())
    #expect(queue.add(Self.line(1, 50_000)))
    #expect(!queue.add(Self.line(2, 50)))
    var data = Data()
    while data.count < 50_000 { data.append(pipe.pipe.fileHandleForReading.availableData) }
    #expect(data == Data(Self.line(1, 50_000)))
    queue.finish()
  }

  @Test func `what cannot be written is counted, with its reason`() throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let queue = OutputQueue(ByteOutput(descriptor: full.fileDescriptor), capacity: 10_000)
    #expect(queue.start())
    queue.add(Self.line(1), records: 7)
    queue.add(Self.line(2), records: 1)
    let account = queue.drain()
    #expect(account.waiting == 0 && account.written == 0)
    #expect(account.failed == 2 && account.failedRecords == 8 && account.failure == .full)
    queue.finish()
  }

  @Test func `a reader that has gone is its own case`() throws {
    let pipe = try Narrow()
    try pipe.pipe.fileHandleForReading.close()
    let queue = OutputQueue(ByteOutput(descriptor: pipe.writing), capacity: 10_000)
    #expect(queue.start())
    queue.add(Self.line(1))
    #expect(queue.drain().failure == .closed)
    queue.finish()
  }
}
