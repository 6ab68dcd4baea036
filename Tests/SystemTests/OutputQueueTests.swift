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

  @Test func `units added as fast as they are written come whole and in order`() throws {
    let pipe = Pipe()
    let queue = OutputQueue(
      ByteOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor), capacity: 1 << 30)
    try queue.start()
    let expected = (0..<20_000).map { "unit \($0)\n" }
    let reader = PipeReader(pipe)
    for unit in expected { #expect(queue.add(Array(unit.utf8))) }
    let account = queue.drain()
    queue.finish()
    try pipe.fileHandleForWriting.close()
    #expect(account.waiting == 0 && account.waitingBytes == 0 && account.waitingRecords == 0)
    #expect(account.dropped == 0 && account.failed == 0 && account.failure == nil)
    let text = reader.text()
    #expect(text == expected.joined())
    #expect(account.written == UInt64(text.utf8.count))
  }

  @Test func `what finds no room is dropped whole and counted, and the last unit is taken all the same`()
    throws
  {
    let pipe = Pipe()
    let writing = pipe.fileHandleForWriting.fileDescriptor
    let queue = OutputQueue(ByteOutput(descriptor: writing), capacity: 100)
    // Nothing is written before the queue is started.
    let sixty = [UInt8](repeating: UInt8(ascii: "a"), count: 60)
    #expect(queue.add(sixty, records: 2))
    #expect(!queue.add(sixty, records: 3))
    #expect(queue.add(Array("the end\n".utf8), isLast: true))
    #expect(queue.account.dropped == 1)
    #expect(
      queue.account.waiting == 2 && queue.account.waitingBytes == 68 && queue.account.waitingRecords == 3)
    try queue.start()
    #expect(queue.drain().waiting == 0)
    queue.finish()
    try pipe.fileHandleForWriting.close()
    #expect(PipeReader(pipe).text() == String(decoding: sixty, as: UTF8.self) + "the end\n")
  }

  @Test func `a reader that takes nothing holds nobody up, and what does not fit is dropped whole`() throws {
    let pipe = try Narrow()
    let queue = OutputQueue(ByteOutput(descriptor: pipe.writing), capacity: 10_000)
    try queue.start()
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
    try queue.start()
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
    try queue.start()
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
    try queue.start()
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
    try queue.start()
    queue.add(Self.line(1))
    #expect(queue.drain().failure == .closed)
    queue.finish()
  }
}

/// A pipe's text, read by a thread of its own.
private final class PipeReader: Sendable {
  private let ended = DispatchSemaphore(value: 0)
  private let bytes = Locked(Data())

  init(_ pipe: Pipe) {
    let handle = pipe.fileHandleForReading
    Thread.detachNewThread { [self] in
      let data = handle.readDataToEndOfFile()
      bytes.withLock { $0 = data }
      ended.signal()
    }
  }

  func text() -> String {
    ended.wait()
    return bytes.withLock { String(decoding: $0, as: UTF8.self) }
  }
}
