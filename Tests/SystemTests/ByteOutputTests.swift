// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct ByteOutputTests {
  @Test func `a full device is an error`() throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let error = #expect(throws: ByteOutput.Failure.self) {
      try ByteOutput(descriptor: full.fileDescriptor).write([1, 2, 3])
    }
    #expect(error == .full)
  }

  @Test func `a closed descriptor is an error`() {
    #expect(throws: ByteOutput.Failure.self) { try ByteOutput(descriptor: -1).write([1]) }
  }

  @Test func `a reader that has gone is its own case`() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let output = ByteOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    let error = #expect(throws: ByteOutput.Failure.self) { try output.write([1]) }
    #expect(error == .closed)
  }

  @Test func `more than a pipe holds arrives whole, also when the descriptor does not block`() throws {
    let pipe = Pipe()
    let writing = pipe.fileHandleForWriting
    _ = fcntl(writing.fileDescriptor, F_SETFL, O_NONBLOCK)
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let descriptor = writing.fileDescriptor
    Thread.detachNewThread {
      try? ByteOutput(descriptor: descriptor).write(bytes)
      try? writing.close()
    }
    #expect(pipe.fileHandleForReading.readDataToEndOfFile() == Data(bytes))
  }
}
