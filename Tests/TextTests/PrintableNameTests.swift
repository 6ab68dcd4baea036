// SPDX-License-Identifier: Apache-2.0
import System
import Testing
import Text

@Suite struct PrintableNameTests {
  @Test func `every byte is shown as printable ASCII, and different bytes stay different`() {
    var seen = Set<String>()
    for byte in UInt8.min...UInt8.max {
      let names = NameBuffer()
      let bytes: [UInt8] = [0x61, byte, 0x62]
      let name = shown(names, PrintableName.append(bytes.rawSpan, 0, 3, lowercased: false, to: names))
      #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
      #expect(seen.insert(name).inserted, "byte \(byte)")
    }
  }

  @Test(arguments: [
    (UInt64(0), UInt64(0xffff_0a00_0001), "10.0.0.1"), (0, 0xffff_ffff_ffff, "255.255.255.255"),
    (0, 1, "[::1]"), (0, 0, "[::]"), (0x2001_0db8_0000_0000, 1, "[2001:db8::1]"),
    (0x2001_0db8_0000_0001, 0x0000_0000_0000_0001, "[2001:db8:0:1::1]"),
    (0x0001_0000_0000_0002, 0x0000_0000_0003_0000, "[1::2:0:0:3:0]"),
    (0xfe80_0000_0000_0000, 0x0001_0002_0003_0004, "[fe80::1:2:3:4]"),
    (0x0001_0002_0003_0004, 0x0005_0006_0007_0000, "[1:2:3:4:5:6:7:0]"),
    (0x0001_0002_0003_0004, 0x0005_0006_0000_0000, "[1:2:3:4:5:6::]"),
  ])
  func `addresses are written as RFC 5952 says`(high: UInt64, low: UInt64, text: String) {
    let names = NameBuffer()
    #expect(shown(names, AddressName.append(high: high, low: low, to: names)) == text)
  }

  @Test func `names of every length, with every byte at every place, are as the plain reference makes them`()
  {
    let words = NameBuffer(), plain = NameBuffer()
    for length in [1, 2, 7, 8, 9, 16, 25, 255, 256] {
      for lead in [0, 11] {
        for place in Set([0, 6, 7, 8, length - 1]) where place >= 0 && place < length {
          for byte in UInt8.min...UInt8.max {
            var bytes = (0..<lead + length + 2).map { UInt8(0x41 + $0 % 50) }.map { $0 == 0x5c ? 0x5b : $0 }
            bytes[lead + place] = byte
            for lowercased in [false, true] {
              words.reset()
              plain.reset()
              let (span, end) = (bytes.rawSpan, lead + length)
              let one = PrintableName.append(span, lead, end, lowercased: lowercased, to: words)
              let other = PrintableName.appendByByte(span, lead, end, lowercased: lowercased, to: plain)
              let isSame = shown(words, one) == shown(plain, other)
              if !isSame { Issue.record("\(bytes) from \(lead) to \(end)") }
            }
          }
        }
      }
    }
  }
}

/// The text of a name in a buffer.
private func shown(_ names: NameBuffer, _ name: (start: Int, count: Int)) -> String {
  let bytes = names.bytes(start: name.start, count: name.count)
  return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
}
