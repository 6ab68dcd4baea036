// SPDX-License-Identifier: Apache-2.0
import System
import Testing
import Text

@Suite struct ByteScanTests {
  @Test func `a line feed is found like the plain reference finds it`() {
    var random = SystemRandomNumberGenerator()
    for length in 0..<70 {
      for _ in 0..<20 {
        let bytes = (0..<length).map { _ in UInt8.random(in: 8...12, using: &random) }
        for start in 0...length {
          let span = bytes.rawSpan
          #expect(
            ByteScan.lineFeed(in: span, from: start) == ByteScan.plainLineFeed(in: span, from: start),
            "\(bytes) from \(start)")
        }
      }
    }
  }

  @Test func `the line feeds of bytes are those of the plain reference, one after the other`() {
    var random = SystemRandomNumberGenerator()
    for length in [0, 1, 7, 63, 64, 65, 127, 128, 129, 200, 1_000] {
      for rarity in [2, 40] as [UInt8] {
        let bytes = (0..<length).map { _ in
          UInt8.random(in: 0...rarity, using: &random) == 0 ? 10 : 65 as UInt8
        }
        for start in [0, 1, 62, 63, 64, 65, length] where start <= length {
          var feeds = LineFeeds(from: start)
          var found: [Int] = []
          while true {
            let feed = feeds.next(in: bytes.rawSpan)
            if feed < 0 { break }
            found.append(feed)
          }
          #expect(found == (start..<length).filter { bytes[$0] == 10 }, "\(bytes) from \(start)")
        }
      }
    }
  }

  @Test func `a byte is found wherever it stands between two others, and nowhere else`() {
    for length in 1...24 {
      for start in 0..<length {
        for place in 0..<length {
          var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
          bytes[place] = 0
          for byte in [0, UInt8(ascii: "@")] {
            bytes[place] = byte
            #expect(ByteScan.contains(byte, in: bytes.rawSpan, start, length) == (place >= start))
            #expect(ByteScan.contains(byte, in: bytes.rawSpan, 0, start) == (place < start))
          }
        }
      }
    }
  }
}
