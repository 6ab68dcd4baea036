// SPDX-License-Identifier: Apache-2.0
import HTTP2
import HeaderBlocks
import Randomness
import Testing

/// A decoder that begins in the middle, or that lost a block, beside one that saw all: what it knows is right, and what it
/// does not know cannot be known.
@Suite struct LateJoinTests {
  /// What can be known of the dynamic table: for each entry inserted since the join, newest first, whether its name is.
  private struct Knowable {
    private(set) var entries: [Bool] = []

    mutating func clear() { entries = [] }

    /// The fields of a well-formed block: whether each one's name can be known.
    mutating func read(_ block: [UInt8]) -> [Bool] {
      var fields: [Bool] = []
      var offset = 0
      func integer(_ mask: UInt8) -> Int {
        var value = Int(block[offset] & mask), shift = 0
        offset += 1
        guard value == Int(mask) else { return value }
        while true {
          value += Int(block[offset] & 127) << shift
          shift += 7
          offset += 1
          if block[offset - 1] < 128 { return value }
        }
      }
      func isKnown(_ index: Int) -> Bool { index < 62 || (index - 62 < entries.count && entries[index - 62]) }
      while offset < block.count {
        let first = block[offset]
        if first & 0x80 != 0 {
          fields.append(isKnown(integer(0x7f)))
        } else if first & 0xe0 == 0x20 {
          _ = integer(0x1f)
        } else {
          let index = integer(first & 0x40 != 0 ? 0x3f : 0x0f)
          if index == 0 { offset += integer(0x7f) }
          offset += integer(0x7f)
          fields.append(isKnown(index))
          if first & 0x40 != 0 { entries.insert(isKnown(index), at: 0) }
        }
      }
      return fields
    }
  }

  /// Compares the lists of the same block; nil when the late one is right.
  private static func difference(_ late: HeaderList, _ whole: HeaderList, _ known: [Bool]) -> String? {
    guard late.total == whole.total else { return "\(late.total) fields, not \(whole.total)" }
    for index in 0..<late.count {
      let field = late[index]
      guard known[index] else {
        if field.name != .unknown { return "field \(index) cannot be known" }
        continue
      }
      guard field.name == whole[index].name, field.nameLength == whole[index].nameLength,
        field.valueLength == whole[index].valueLength,
        late.value(at: index).array == whole.value(at: index).array
      else { return "field \(index): \(field), not \(whole[index])" }
    }
    for name in FieldName.allCases where name.isKept {
      let found = late.text(name)
      if found != nil, found != whole.text(name) {
        return "\(name): \(found ?? ""), not \(whole.text(name) ?? "nothing")"
      }
      if late.find(name) == .absent, whole.text(name) != nil { return "\(name) is not absent" }
    }
    return nil
  }

  /// Reads well-formed requests and responses as encoders send them: pseudo-header fields first.
  private static func blocks(_ random: inout SeededGenerator, _ encoder: Reference) -> [[UInt8]] {
    (0..<40).compactMap { _ in
      let isResponse = Bool.random(using: &random)
      func pick(_ texts: [String]) -> String { texts[Int.random(in: 0..<texts.count, using: &random)] }
      var fields: [(String, String)] =
        isResponse
        ? [(":status", pick(["200", "404", "503", "418"]))]
        : [
          (":method", pick(["GET", "POST", "PATCH"])), (":scheme", "http"),
          (":authority", pick(["a.example", "b.example"])), (":path", pick(["/", "/x/1", "/y/2"])),
        ]
      let names = ["content-type", "grpc-status", "user-agent", "cookie", "x-trace", "referer", "accept"]
      for name in names.shuffled(using: &random).prefix(Int.random(in: 0...5, using: &random)) {
        fields.append((name, "\(name)-\(Int.random(in: 0..<6, using: &random))"))
      }
      return encoder.encode(fields)
    }
  }

  @Test func `joined at any block, no field is wrong and none is unknown that can be known`() throws {
    var random = SeededGenerator(seed: 15)
    let wholeList = HeaderList(), lateList = HeaderList()
    var unknown = 0, known = 0
    for _ in 0..<60 {
      let encoder = try #require(Reference(table: [256, 512, 4096][Int.random(in: 0..<3, using: &random)]))
      let blocks = Self.blocks(&random, encoder)
      try #require(blocks.count == 40)
      for join in 0..<blocks.count {
        let whole = HeaderDecoder(joinedLate: false), late = HeaderDecoder(joinedLate: true)
        if join % 2 == 0 { late.setBound(4096, isAcknowledged: true) }
        var knowable = Knowable()
        for (number, block) in blocks.enumerated() {
          try #require(whole.accepts(block, into: wholeList))
          guard number >= join else { continue }
          let fields = knowable.read(block)
          try #require(late.accepts(block, into: lateList), "joined at \(join), block \(number)")
          let difference = Self.difference(lateList, wholeList, fields)
          try #require(difference == nil, "joined at \(join), block \(number): \(difference ?? "")")
          unknown += lateList.unknowns
          known += lateList.total - lateList.unknowns
        }
      }
    }
    print("joined late: \(known) fields known, \(unknown) unknown")
    #expect(unknown > 1000 && known > 100_000)
  }

  @Test func `generated blocks leave the late decoder right, in every representation and table size`() throws
  {
    var random = SeededGenerator(seed: 16)
    let wholeList = HeaderList(), lateList = HeaderList()
    for number in 0..<2500 {
      let sequence = BlockGenerator.sequence(&random, most: 30)
      let join = Int.random(in: 0..<12, using: &random)
      let whole = HeaderDecoder(joinedLate: false)
      let late = HeaderDecoder(joinedLate: true)
      var knowable = Knowable()
      var place = 0
      read: for step in sequence.steps {
        place += 1
        switch step {
        case .bound(let bytes):
          whole.setBound(bytes, isAcknowledged: true)
          if place > join { late.setBound(bytes, isAcknowledged: true) }
        case .block(let block):
          // With a fault in it the connection ends.
          guard whole.accepts(block, into: wholeList) else { break read }
          guard place > join else { continue }
          try #require(late.accepts(block, into: lateList), "sequence \(number), step \(place)")
          let fields = knowable.read(block)
          for index in 0..<lateList.count {
            let field = lateList[index], wanted = wholeList[index]
            try #require(
              (field.name != .unknown) == fields[index], "sequence \(number), step \(place), field \(index)")
            guard fields[index] else { continue }
            try #require(field.name == wanted.name && field.nameLength == wanted.nameLength)
            try #require(field.valueLength == wanted.valueLength)
            try #require(lateList.value(at: index).array == wholeList.value(at: index).array)
          }
        }
      }
    }
  }

  @Test func `after a lost block no index is shifted`() throws {
    var random = SeededGenerator(seed: 17)
    let wholeList = HeaderList(), lateList = HeaderList()
    for _ in 0..<40 {
      let encoder = try #require(Reference())
      let blocks = Self.blocks(&random, encoder)
      for lost in 0..<blocks.count {
        let whole = HeaderDecoder(joinedLate: false), late = HeaderDecoder(joinedLate: false)
        var knowable = Knowable()
        for (number, block) in blocks.enumerated() {
          try #require(whole.accepts(block, into: wholeList))
          if number == lost {
            late.clear()
            knowable.clear()
            continue
          }
          let fields = knowable.read(block)
          try #require(late.accepts(block, into: lateList))
          let difference = Self.difference(lateList, wholeList, fields)
          try #require(difference == nil, "lost \(lost), block \(number): \(difference ?? "")")
        }
      }
    }
  }

  @Test func `once the table has turned over, an index beyond it is a fault again`() {
    let decoder = HeaderDecoder(joinedLate: true), list = HeaderList()
    decoder.setBound(4096, isAcknowledged: true)
    #expect(decoder.accepts([0xc0], into: list) && list.unknowns == 1)
    var block = BlockWriter()
    for _ in 0..<4 { block.literal(.inserted, name: 4, value: [UInt8](repeating: 0x61, count: 1000)) }
    #expect(decoder.accepts(block.bytes, into: list))
    #expect(decoder.isComplete && decoder.entries == 3)
    #expect(decoder.accepts([0xc0], into: list) && list.unknowns == 0)
    #expect(!decoder.accepts([0xc1], into: list))
  }

  @Test func `an update to nothing empties the table for certain`() {
    let decoder = HeaderDecoder(joinedLate: true), list = HeaderList()
    #expect(decoder.accepts([0x20, 0x82], into: list))
    #expect(decoder.isComplete)
    #expect(!decoder.accepts([0xbe], into: list))
  }

  @Test func `an unknown field may be any name, but none of the pseudo-header fields after a regular one`() {
    let decoder = HeaderDecoder(joinedLate: true), list = HeaderList()
    // An unknown one, then :method GET.
    #expect(decoder.accepts([0xbe, 0x82], into: list))
    #expect(list.find(.path) == .unknown && list.find(.host) == .unknown && list.text(.method) == "GET")
    // :status 200, accept, then an unknown one.
    #expect(decoder.accepts([0x88, 0x93, 0xbe], into: list))
    #expect(list.find(.path) == .absent && list.find(.grpcStatus) == .unknown && list.text(.status) == "200")
  }

  @Test func `a literal value of an unknown name is no value of any name`() {
    let decoder = HeaderDecoder(joinedLate: true), list = HeaderList()
    // Inserted with the name of entry 62, which nobody knows; then a reference to it.
    #expect(decoder.accepts([0x7e, 0x01, 0x30], into: list))
    #expect(list.unknowns == 1 && list[0].name == .unknown && list[0].valueLength == 1)
    #expect(decoder.accepts([0xbe], into: list))
    #expect(list.unknowns == 1 && list.find(.grpcStatus) == .unknown)
  }
}
