// SPDX-License-Identifier: Apache-2.0
import System
import HTTP1
import Testing

@Suite struct ChunkedBodyTests {
  static let bodies = [
    "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n",
    "A;x=\"y\"\r\n0123456789\r\n0;z\r\nTrailer: 1\r\nOther: 2\r\n\r\n",
    "5\nhello\n0\n\n", "00005\r\nhello\r\n000\r\n\r\n", "5 \r\nGET /\r\n0\r\n\r\n",
  ]

  @Test(arguments: bodies)
  func `the end is found wherever the body is cut`(body: String) {
    let bytes = Array((body + "HTTP/1.1 200 OK").utf8)
    let end = body.utf8.count
    for cut in 0...end {
      var chunks = ChunkedBody()
      let first = chunks.consume(bytes.rawSpan.extracting(0..<cut), from: 0)
      if cut == end {
        #expect(first == .ended(end))
        continue
      }
      #expect(first == .needsMore)
      #expect(chunks.consume(bytes.rawSpan, from: cut) == .ended(end))
    }
  }

  @Test(arguments: ["GET / HTTP/1.1", "\r\n", "x", "5x\r\n", "5\r\nhellox\r\n"])
  func `what is no chunk is noticed`(body: String) {
    var chunks = ChunkedBody()
    #expect(chunks.consume(Array(body.utf8).rawSpan, from: 0) == .broken)
  }

  @Test(arguments: ["10000000000000000", "ffffffffffffffffffffffff"])
  func `a size of 2^64 and more lasts until the connection ends`(size: String) {
    var chunks = ChunkedBody()
    #expect(
      chunks.consume(Array("\(size)\r\nGET / HTTP/1.1\r\n\r\n0\r\n\r\n".utf8).rawSpan, from: 0) == .needsMore)
    #expect(chunks.chunkRemaining > 1 << 63)
  }

  @Test func `missing bytes may be skipped within a chunk only`() {
    var chunks = ChunkedBody()
    #expect(chunks.consume(Array("64\r\nab".utf8).rawSpan, from: 0) == .needsMore)
    #expect(chunks.chunkRemaining == 98)
    var tooFar = chunks
    #expect(tooFar.skip(99) == false)
    #expect(chunks.skip(98) == true)
    #expect(chunks.chunkRemaining == 0)
    // As if they had been read.
    var whole = ChunkedBody()
    #expect(
      whole.consume(Array(("64\r\n" + String(repeating: "a", count: 100)).utf8).rawSpan, from: 0)
        == .needsMore)
    #expect(chunks == whole)
    #expect(chunks.consume(Array("\r\n0\r\n\r\n".utf8).rawSpan, from: 0) == .ended(7))
  }
}
