// SPDX-License-Identifier: Apache-2.0
import System
import HTTP1
import Testing

@Suite struct NameTests {
  @Test(arguments: [
    ("GET / HTTP/1.1", "a.example", "a.example", "/"),
    ("GET /a HTTP/1.1", "A.EXAMPLE.:8080", "a.example", "/a"),
    ("GET /a/ HTTP/1.1", "[::1]:8080", "[::1]", "/a"),
    ("GET /a?x=/b HTTP/1.1", "[2001:DB8::1]", "[2001:db8::1]", "/a"),
    ("GET /?q HTTP/1.1", "user:secret@h.example:80", "h.example", "/"),
    ("GET //b HTTP/1.1", "10.0.0.1:80", "10.0.0.1", "/"),
    ("GET /a#f HTTP/1.1", "  h \t", "h", "/a"),
    ("GET http://Other.example/p/q HTTP/1.1", "h", "other.example", "/p"),
    ("GET http://other.example HTTP/1.1", "h", "other.example", "/"),
    ("GET cache_object://Cache.example/info HTTP/1.1", "h", "cache.example", "/info"),
    ("GET /shop;jsessionid=1A2B?x HTTP/1.1", "h", "h", "/shop"),
    ("GET /shop;a/b HTTP/1.1", "h", "h", "/shop"),
    ("GET http://other.example/p;q=1 HTTP/1.1", "h", "other.example", "/p"),
    ("GET /;a HTTP/1.1", "h", "h", "/"),
    ("GET /a b/c HTTP/1.1", "h", "h", "/a\\x20b"),
    ("GET http://other.example?q HTTP/1.1", "h", "other.example", "/"),
    ("GET https://u@[::2]:443/s HTTP/1.1", "h", "[::2]", "/s"),
    ("OPTIONS * HTTP/1.1", "h", "h", "*"), ("CONNECT proxy.example:443 HTTP/1.1", "h", "proxy.example", ""),
    ("GET http:///x HTTP/1.1", "h", "h", "/x"), ("GET a:b HTTP/1.1", "h", "h", "a:b"),
    ("GET /a%2Fb/c HTTP/1.1", "h:", "h", "/a%2Fb"), ("GET /. HTTP/1.1", "h:http", "h:http", "/."),
    ("GET /a HTTP/1.1", ".", ".", "/a"), ("GET /x HTTP/1.1", "", "", "/x"),
  ])
  func `site and section`(line: String, host: String, site: String, section: String) {
    let reading = Reading("\(line)\r\nHost: \(host)\r\n\r\n")
    #expect(reading.verdict == .complete)
    #expect(reading.site == site)
    #expect(reading.section == section)
  }

  @Test func `the first of several hosts counts, and a folded one is found`() {
    #expect(Reading("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").site == "a")
    #expect(Reading("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").head.hostFields == 2)
    #expect(Reading("GET / HTTP/1.1\r\nHost:\r\n\tfolded\r\n\r\n").site == "folded")
    #expect(Reading("GET / HTTP/1.1\r\nX-Host: a\r\nHosts: b\r\n\r\n").site == "")
  }

  @Test func `every byte is shown as printable ASCII, and different bytes stay different`() {
    var seen = Set<String>()
    for byte in UInt8.min...UInt8.max {
      let names = NameBuffer()
      let bytes: [UInt8] = [0x61, byte, 0x62]
      let name = Reading.text(names, PrintableName.append(bytes.rawSpan, 0, 3, lowercased: false, to: names))
      #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
      #expect(seen.insert(name).inserted, "byte \(byte)")
    }
  }

  @Test func `a name that is too long is cut and keeps its difference`() {
    let long = String(repeating: "h", count: 64_000)
    let one = Reading("GET / HTTP/1.1\r\nHost: \(long)1\r\n\r\n").site
    let two = Reading("GET / HTTP/1.1\r\nHost: \(long)2\r\n\r\n").site
    #expect(one.utf8.count == PrintableName.maximumLength)
    #expect(two.utf8.count == PrintableName.maximumLength)
    #expect(one != two)
    let escaped = Reading("GET / HTTP/1.1\r\nHost: \(String(repeating: "\u{1b}", count: 300))\r\n\r\n").site
    #expect(escaped.utf8.count <= PrintableName.maximumLength)
    #expect(escaped.hasPrefix("\\x1b\\x1b"))
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
    #expect(Reading.text(names, AddressName.append(high: high, low: low, to: names)) == text)
  }

  @Test func `a hash depends on the seed, the bytes and their number`() {
    func hash(_ text: String, _ seed: UInt64) -> UInt64 {
      NameHash.hash(Array(text.utf8).rawSpan, seed: seed)
    }
    #expect(hash("google.com", 1) == hash("google.com", 1))
    #expect(hash("google.com", 1) != hash("google.com", 2))
    #expect(hash("google.com", 1) != hash("google.con", 1))
    #expect(hash("", 1) != hash("\0", 1))
    #expect(hash("12345678", 1) != hash("12345678\0", 1))
  }

  @Test func `a hash in lower case is the hash of the small letters, for every byte`() {
    for byte in UInt8.min...UInt8.max {
      for count in 1...17 {
        let name = [UInt8](repeating: byte, count: count)
        let small = name.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }
        #expect(NameHash.hashInLowerCase(name.rawSpan, seed: 3) == NameHash.hash(small.rawSpan, seed: 3))
      }
    }
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
              let isSame = Reading.text(words, one) == Reading.text(plain, other)
              if !isSame { Issue.record("\(bytes) from \(lead) to \(end)") }
            }
          }
        }
      }
    }
  }
}
