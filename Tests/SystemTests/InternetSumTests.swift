// SPDX-License-Identifier: Apache-2.0
import System
import Testing

@Suite struct InternetSumTests {
  /// RFC 1071, section 1, word by word.
  private func plain(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) | UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0) << 8
      if sum > 0xffff { sum -= 0xffff }
    }
    return UInt16(littleEndian: UInt16(sum))
  }

  @Test func `a sum of any length is that of its words`() {
    var random = SystemRandomNumberGenerator()
    for length in Array(0...200) + [1_460, 1_461, 65_535] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) }
      var sum = InternetSum()
      sum.add(bytes.rawSpan)
      #expect(sum.folded == plain(bytes) || sum.folded == 0xffff && plain(bytes) == 0, "\(length) bytes")
    }
  }

  @Test func `carries count as one, also those of a carry`() {
    for length in [8, 64, 128, 192, 200] {
      for last in [0xff, 0xfe, 1, 0] as [UInt8] {
        var bytes = [UInt8](repeating: 0xff, count: length)
        bytes[length - 1] = last
        bytes[0] = last
        var sum = InternetSum()
        sum.add(bytes.rawSpan)
        #expect(sum.folded % 0xffff == plain(bytes) % 0xffff, "\(length) bytes that end with \(last)")
        #expect(sum.folded > 0, "0 is the sum of zeros alone")
      }
    }
    var nothing = InternetSum()
    nothing.add([UInt8](repeating: 0, count: 128).rawSpan)
    #expect(nothing.folded == 0)
  }
}
