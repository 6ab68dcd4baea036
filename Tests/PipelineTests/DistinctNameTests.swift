// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Testing

/// Different bytes are different names, except where HTTP says that they mean the same.
@Suite struct DistinctNameTests {
  /// What a request is shown as: method, site, section; nil when it is none.
  static func shown(_ request: [UInt8]) throws -> String? {
    let pipeline = try Pipeline(request, response: HostileHeads.answer, depth: .streams)
    guard pipeline.counters.requests == 1 else { return nil }
    return pipeline.names.joined(separator: " ")
  }

  /// Bytes that mean the same at a place, beside capital and small letters of hosts.
  static let same: [(place: String, isHost: Bool, bytes: [String])] = [
    // White space is trimmed, what stands before "@" is user information.
    ("first in Host", true, [" \t@"]), ("in Host", true, []),
    // An empty port and the root's dot say nothing; LF ends the line.
    ("last in Host", true, [" \t.:\n"]), ("first in the path", false, []),
    // These four end a segment; spaces around a target are none of it.
    ("in the path", false, ["/?#;"]), ("last in the path", false, ["/?#; "]),
    // Empty lines before a request are skipped.
    ("first in the method", false, ["\r\n"]), ("in the method", false, []), ("last in the method", false, []),
    ("in an absolute target", true, ["?#"]), ("in a CONNECT target", true, []),
  ]

  @Test(arguments: Self.same.map(\.place))
  func `each of the 256 bytes has a name of its own`(place: String) throws {
    let rule = try #require(Self.same.first { $0.place == place })
    let at = try #require(HostileHeads.places.first { $0.description == place })
    var bytesByName: [String: Set<UInt8>] = [:]
    for byte in UInt8.min...UInt8.max {
      guard let name = try Self.shown(at.head([byte]).request) else { continue }
      bytesByName[name, default: []].insert(byte)
    }
    // A string's "\r\n" is one character; its bytes are what is meant.
    let allowed = rule.bytes.map { Set($0.utf8) }
    for (name, bytes) in bytesByName where bytes.count > 1 {
      let isLetter =
        rule.isHost && bytes.count == 2 && Set(bytes.map { $0 | 0x20 }).count == 1
        && bytes.allSatisfy { (0x61...0x7a).contains($0 | 0x20) }
      #expect(isLetter || allowed.contains(bytes), "\(name): \(bytes.sorted())")
    }
  }

  @Test func `texts that look alike have names of their own`() throws {
    for place in HostileHeads.places.filter({ ["in Host", "in the path"].contains($0.description) }) {
      var texts: [String: [UInt8]] = [:]
      for text in HostileTexts.all where !text.contains(where: { Array(" @/?#\n".utf8).contains($0) }) {
        guard let name = try Self.shown(place.head(text).request) else { continue }
        #expect(texts.updateValue(text, forKey: name) ?? text == text, "\(name)")
      }
      #expect(texts.count > 200)
    }
  }

  @Test(arguments: [256, 300, 1_000, 8_192, 60_000])
  func `long names that differ in one byte differ, wherever it is`(count: Int) throws {
    var names = Set<String>()
    let places = [0, 100, 236, 237, 254, 255, count / 2, count - 9, count - 2, count - 1]
    for place in Set(places).filter({ $0 < count }) {
      var host = [UInt8](repeating: 0x61, count: count)
      host[place] = 0x62
      let name = try #require(
        try Self.shown(
          HostileHeads.bytes("GET /x HTTP/1.1\r\nHost: ") + host + HostileHeads.bytes("\r\n\r\n")))
      #expect(names.insert(name).inserted, "place \(place)")
    }
  }

  @Test func `a long host is the same in capitals, a long path is not`() throws {
    let small = [UInt8](repeating: 0x61, count: 400), large = [UInt8](repeating: 0x41, count: 400)
    func host(_ name: [UInt8]) throws -> String? {
      try Self.shown(HostileHeads.bytes("GET /x HTTP/1.1\r\nHost: ") + name + HostileHeads.bytes("\r\n\r\n"))
    }
    func path(_ name: [UInt8]) throws -> String? {
      try Self.shown(HostileHeads.bytes("GET /") + name + HostileHeads.bytes(" HTTP/1.1\r\nHost: h\r\n\r\n"))
    }
    #expect(try host(small) == host(large))
    #expect(try path(small) != path(large))
  }

  @Test(arguments: [UInt8(0x61), 0x5c, 0x1b])
  func `nobody can send the name that a long one is cut to`(byte: UInt8) throws {
    for count in [256, 257, 258, 259, 260, 1_000] {
      let long = HostileHeads.bytes("/") + [UInt8](repeating: byte, count: count)
      let head = { (path: [UInt8]) in
        HostileHeads.bytes("GET ") + path + HostileHeads.bytes(" HTTP/1.1\r\nHost: h\r\n\r\n")
      }
      let cut = try #require(try Self.shown(head(long)))
      let section = try #require(cut.split(separator: " ").last)
      #expect(section.utf8.count <= 255)
      #expect(try Self.shown(head(Array(section.utf8))) != cut)
      // Nor by the bytes that the kept part stands for, with the mark behind them.
      let tail = Array(section.utf8.suffix(17))
      for kept in 0..<min(count, 240) {
        let forged = HostileHeads.bytes("/") + [UInt8](repeating: byte, count: kept) + tail
        guard forged.count > 100 || kept < 64 else { continue }
        #expect(try Self.shown(head(forged)) != cut)
      }
    }
  }
}
