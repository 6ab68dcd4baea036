// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct OutputQueueTests {
  @Test func `units added as fast as they are written come whole and in order`() throws {
    let pipe = Pipe()
    let queue = OutputQueue(
      ByteOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor), capacity: 1 << 30)
    try #require(queue.start())
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
    try #require(queue.start())
    #expect(queue.drain().waiting == 0)
    queue.finish()
    try pipe.fileHandleForWriting.close()
    #expect(PipeReader(pipe).text() == String(decoding: sixty, as: UTF8.self) + "the end\n")
  }

  @Test func `a reader that takes nothing ends the wait, and what was not written is in the account`() throws
  {
    let pipe = Pipe()
    let queue = OutputQueue(
      ByteOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor), capacity: 1 << 20)
    try #require(queue.start())
    // More than a pipe holds.
    #expect(queue.add([UInt8](repeating: UInt8(ascii: "b"), count: 256 << 10), records: 7))
    let account = queue.drain(patience: 100)
    #expect(account.waiting == 1 && account.waitingRecords == 7)
    // It is written once somebody reads.
    let reader = PipeReader(pipe)
    #expect(queue.drain().waiting == 0)
    queue.finish()
    try pipe.fileHandleForWriting.close()
    #expect(reader.text().utf8.count == 256 << 10)
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
