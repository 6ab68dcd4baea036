// SPDX-License-Identifier: Apache-2.0
import Glibc
import System
import Testing

/// Answers of the kernel's tables of addresses and interfaces.
struct RouteSocketTests {
  @Test func `loopback is among the interfaces and among the addresses, however often it is asked`() throws {
    let socket = try RouteSocket()
    for _ in 0..<3 {
      var indices: [UInt32] = []
      try socket.ask(.links) { indices.append(RouteSocket.number($0, 4, 4)) }
      #expect(Set(indices) == Set(NetworkInterfaces.all.map(\.index)) && indices.contains(1))
      var families: Set<UInt8> = []
      try socket.ask(.addresses) { families.insert($0.first ?? 0) }
      #expect(families.contains(UInt8(AF_INET)))
    }
  }

  @Test func `entries of another kind are passed over, and the end of the answer is seen`() throws {
    let answer = Self.message(20, [2, 1]) + Self.message(16, [3]) + Self.message(3, [0, 0, 0, 0])
    var found: [[UInt8]] = []
    #expect(try RouteSocket.entries(answer[...], of: .links) { found.append(Array($0)) })
    #expect(found == [[3]])
    #expect(try !RouteSocket.entries(Self.message(16, [4])[...], of: .links) { found.append(Array($0)) })
    #expect(found == [[3], [4]])
  }

  @Test func `attributes are read up to one that reaches beyond the entry`() {
    var found: [[Int]] = []
    let bytes: [UInt8] = [5, 0, 3, 0, 9, 0, 0, 0, 4, 0, 18, 128, 200, 0, 1, 0]
    RouteSocket.attributes(bytes[...]) { found.append([$0] + $1.map(Int.init)) }
    #expect(found == [[3, 9], [18]])
    RouteSocket.attributes([0, 0, 1, 0]) { _, _ in Issue.record("an attribute of no length") }
    #expect(RouteSocket.number([1, 2, 3], 1, 4) == 0x0302)
  }

  /// struct nlmsghdr and what it is about, filled up to four bytes.
  private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
    [UInt8(16 + body.count), 0, 0, 0, type, 0] + [UInt8](repeating: 0, count: 10) + body
      + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
  }
}
