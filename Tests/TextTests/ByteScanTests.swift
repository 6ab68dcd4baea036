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
}
