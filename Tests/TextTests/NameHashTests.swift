// SPDX-License-Identifier: Apache-2.0
import System
import Testing
import Text

@Suite struct NameHashTests {
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
}
