// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct PipeEndsTests {
  @Test(arguments: [true, false])
  func `both ends of a pipe are closed in programs that are started, and wait only where they are to`(
    blocks: Bool
  ) throws {
    let ends = try PipeEnds(blocks: blocks)
    defer { for end in [ends.reading, ends.writing] { close(end) } }
    for end in [ends.reading, ends.writing] {
      #expect(fcntl(end, F_GETFD) == FD_CLOEXEC)
      #expect(fcntl(end, F_GETFL) & O_NONBLOCK == (blocks ? 0 : O_NONBLOCK))
    }
  }

  @Test func `what is written to one end is read from the other`() throws {
    let ends = try PipeEnds(blocks: false)
    let writing = FileHandle(fileDescriptor: ends.writing, closeOnDealloc: true)
    let reading = FileHandle(fileDescriptor: ends.reading, closeOnDealloc: true)
    try writing.write(contentsOf: Data("abc".utf8))
    try writing.close()
    #expect(try reading.readToEnd() == Data("abc".utf8))
  }
}
