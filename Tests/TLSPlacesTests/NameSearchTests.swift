// SPDX-License-Identifier: Apache-2.0
import Randomness
import Testing

@testable import TLSPlaces

/// Names in tables that are read in parts.
struct NameSearchTests {
  private static func places(
    _ names: Set<String>, in text: String, partSize: Int, endingWith ends: [UInt8] = [0], most: Int = 4_096
  ) -> [NameSearch.Place]? {
    let bytes = Array(text.utf8)
    return NameSearch(names, endingWith: ends, most: most, partSize: partSize)
      .places(in: 0..<bytes.count, of: bytes)
  }

  @Test func `names are found whole and as ends of longer ones, but not as beginnings`() {
    let text = "\0SSL_read\0SSL_read_ex\0my_SSL_read\0SSL_rea\0SSL_read@V1\0"
    #expect(
      Self.places(["SSL_read", "SSL_read_ex"], in: text, partSize: 1 << 20) == [
        .init(offset: 1, name: "SSL_read"), .init(offset: 10, name: "SSL_read_ex"),
        .init(offset: 25, name: "SSL_read"),
      ])
    let ends = [0, UInt8(ascii: "@")]
    #expect(Self.places(["SSL_read"], in: text, partSize: 1 << 20, endingWith: ends)?.last?.offset == 42)
    #expect(Self.places(["SSL_read"], in: text, partSize: 1 << 20, most: 1)?.count == 1)
    #expect(Self.places([], in: text, partSize: 64) == [] && Self.places([""], in: text, partSize: 64) == [])
    #expect(Self.places(["a"], in: "", partSize: 64) == [])
    // One that nothing follows is none, whatever comes after the table.
    #expect(Self.places(["SSL_read", "a"], in: "\0SSL_read", partSize: 64) == [])
    #expect(Self.places(["a", "much longer"], in: "a\0", partSize: 64) == [.init(offset: 0, name: "a")])
  }

  @Test func `whatever the size of a part, the same is found`() {
    var random = SeededGenerator(seed: 3)
    let names: Set<String> = ["ab", "abc", "abcab", "b"]
    for _ in 0..<300 {
      let text = (0..<Int.random(in: 1...200, using: &random))
        .map { _ in ["a", "b", "c", "\0"].randomElement(using: &random)! }.joined()
      let bytes = Array(text.utf8)
      var expected: [NameSearch.Place] = []
      for offset in bytes.indices {
        for name in names {
          let end = offset + name.utf8.count
          if end < bytes.count, bytes[end] == 0, bytes[offset..<end].elementsEqual(name.utf8) {
            expected.append(.init(offset: offset, name: name))
          }
        }
      }
      for size in [1, 13, 16, 64, 1_024] {
        #expect(Self.places(names, in: text, partSize: size) == expected, "\(text) by \(size)")
      }
    }
  }

  @Test func `a table that cannot be read has no places`() {
    #expect(NameSearch(["a"]).places(in: 0..<9, of: [1, 2, 3] as [UInt8]) == nil)
    #expect(NameSearch(["a"]).places(in: 1..<3, of: Array("xa\0".utf8)) == [.init(offset: 0, name: "a")])
  }
}
