// SPDX-License-Identifier: Apache-2.0
import HTTP2
import HeaderBlocks
import Testing

@Suite struct HeaderDecoderTests {
  /// The examples of RFC 7541, appendix C: blocks, and what their fields are. C.5 and C.6 have a table of 256 bytes.
  static let examples: [(name: String, table: Int?, blocks: [String], sizes: [Int])] = [
    ("C.2.1", nil, ["400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"], [55]),
    ("C.2.2", nil, ["040c 2f73 616d 706c 652f 7061 7468"], [0]),
    ("C.2.3", nil, ["1008 7061 7373 776f 7264 0673 6563 7265 74"], [0]),
    ("C.2.4", nil, ["82"], [0]),
    (
      "C.3", nil,
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ], [57, 110, 164]
    ),
    (
      "C.4", nil,
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ], [57, 110, 164]
    ),
    (
      "C.5", 256,
      [
        """
        4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
        1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d
        """, "4803 3330 37c1 c0bf",
        """
        88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
        4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
        7369 6f6e 3d31
        """,
      ], [222, 222, 215]
    ),
    (
      "C.6", 256,
      [
        """
        4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b
        97c8 e9ae 82ae 43d3
        """, "4883 640e ffc1 c0bf",
        """
        88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
        cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07
        """,
      ], [222, 222, 215]
    ),
  ]

  @Test func `the RFC's examples leave the tables that it shows`() throws {
    for example in Self.examples {
      let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
      let reference = try #require(Reference())
      for (index, text) in example.blocks.enumerated() {
        var block = [UInt8](hex: text)
        if index == 0, let table = example.table {
          var writer = BlockWriter()
          writer.tableSize(table)
          block = writer.bytes + block
        }
        #expect(decoder.accepts(block, into: list), "\(example.name)")
        #expect(decoder.tableSize == example.sizes[index], "\(example.name)")
        let fields = try #require(reference.decode(block))
        #expect(list.difference(from: fields) == nil, "\(example.name)")
      }
    }
  }

  @Test func `the RFC's requests and responses have its fields`() {
    for name in ["C.3", "C.4"] {
      let blocks = Self.examples.first { $0.name == name }?.blocks ?? []
      let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
      let wanted = [("http", "/"), ("http", "/"), ("https", "/index.html")]
      #expect(blocks.count == 3)
      for (block, fields) in zip(blocks, wanted) {
        #expect(decoder.accepts([UInt8](hex: block), into: list))
        #expect(list.text(.method) == "GET" && list.text(.scheme) == fields.0 && list.text(.path) == fields.1)
        #expect(list.text(.authority) == "www.example.com")
        #expect(list.find(.status) == .absent)
      }
    }
    let blocks = Self.examples.first { $0.name == "C.6" }?.blocks ?? []
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    for (block, status) in zip(blocks, ["302", "307", "200"]) {
      #expect(decoder.accepts([UInt8](hex: block), into: list))
      #expect(list.text(.status) == status)
    }
  }

  @Test func `every entry of the static table is the RFC's`() throws {
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    let reference = try #require(Reference())
    var block = BlockWriter()
    for index in 1...61 { block.indexed(index) }
    #expect(decoder.accepts(block.bytes, into: list))
    #expect(list.count == 61)
    #expect(list.difference(from: try #require(reference.decode(block.bytes))) == nil)
  }

  @Test(arguments: [
    ("80", HeaderFault.index), ("be", .index), ("ff", .truncated), ("ff 80 80 80 80 80 00", .integer),
    ("ff ff ff ff ff 7f", .integer), ("7f", .truncated), ("40", .truncated), ("40 01", .truncated),
    ("00 01 78 7f ff ff ff ff 0f", .integer), ("82 20", .tableSize), ("3f e2 1f", .tableSize),
    ("20 3f e1 1f 20 82", nil), ("00 01 78 81 ff", .huffman), ("00 01 78 82 1f ff", .huffman),
    ("00 01 78 81 18", .huffman), ("00 01 78 84 ff ff ff fc", .huffman), ("00 01 78 80", nil), ("", nil),
    ("10 00 00", nil), ("7f 00 00", .index),
  ])
  func `a block is refused for what the RFC forbids`(hex: String, fault: HeaderFault?) {
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    var found: HeaderFault?
    do {
      try decoder.decode([UInt8](hex: hex).wire, into: list)
    } catch {
      found = error
    }
    #expect(found == fault)
    #expect(fault == nil || (list.total == 0 && decoder.entries == 0 && !decoder.isComplete))
  }

  @Test func `a bound below the table's size demands an update`() {
    let list = HeaderList()
    for (block, isAccepted) in [
      ("82", false), ("3f 45 82", true), ("3f 46 82", false), ("20 3f 45 82", true),
    ] {
      let decoder = HeaderDecoder(joinedLate: false)
      decoder.setBound(100, isAcknowledged: true)
      #expect(decoder.accepts([UInt8](hex: block), into: list) == isAccepted, "\(block)")
    }
    let decoder = HeaderDecoder(joinedLate: false)
    decoder.setBound(100, isAcknowledged: false)
    #expect(decoder.accepts([0x82], into: list), "the sender may not have seen it")
  }

  @Test func `the values of other names are not kept, and their lengths count`() {
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    var block = BlockWriter()
    block.literal(.inserted, name: Array("cookie".utf8), value: Array("secret".utf8), isEncoded: true)
    block.literal(.inserted, name: Array("x-key".utf8), value: Array("secret".utf8))
    block.indexed(62)
    #expect(decoder.accepts(block.bytes, into: list))
    #expect((0..<3).allSatisfy { list[$0].name == .other && list.value(at: $0).byteCount == 0 })
    #expect(decoder.tableSize == 6 + 6 + 32 + 5 + 6 + 32)
  }

  @Test func `a block of many fields says how many were left out, and what they might be`() {
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    let block = [UInt8](repeating: 0x90, count: 300) + [0x82]
    #expect(decoder.accepts(block, into: list))
    #expect(list.total == 301 && list.count == HeaderList.most && list.omitted == 45)
    #expect(list.find(.method) == .unknown)
  }

  @Test func `references to one large entry do not copy without end`() {
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    var block = BlockWriter()
    block.literal(.inserted, name: 4, value: [UInt8](repeating: 0x61, count: 4000))
    for _ in 0..<60_000 { block.indexed(62) }
    #expect(decoder.accepts(block.bytes, into: list))
    #expect(list.total == 60_001)
    #expect(list.size == 60_001 * (5 + 4000 + 32))
    #expect(list[0].hasValue && list[1].hasValue && !list[200].hasValue)
  }

  @Test func `a block longer than the limit is refused`() {
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    let longest = [UInt8](repeating: 0x82, count: HeaderList.longestBlock)
    #expect(decoder.accepts(longest, into: list))
    #expect(!decoder.accepts(longest + [0x82], into: list))
  }

  @Test func `a table of any size stays within the cap`() {
    let decoder = HeaderDecoder(joinedLate: false), list = HeaderList()
    decoder.setBound(1 << 20, isAcknowledged: true)
    var first = BlockWriter()
    first.tableSize(1 << 20)
    #expect(decoder.accepts(first.bytes, into: list))
    for number in 0..<400 {
      var block = BlockWriter()
      let text = Array("/\(number)/".utf8) + [UInt8](repeating: 0x61, count: 1000)
      block.literal(.inserted, name: 4, value: text)
      block.indexed(62)
      if number > 20 { block.indexed(62 + 20) }
      #expect(decoder.accepts(block.bytes, into: list))
      #expect(list.value(at: 1).array == text)
      if number > 20 { #expect(list.value(at: 2).array.starts(with: Array("/\(number - 20)/".utf8))) }
    }
    #expect(decoder.tableSize <= 64 * 1024 && decoder.memory <= 256 * 1024)
    #expect(!decoder.isComplete)
    // In the sender's table, and not here: unknown, no fault.
    #expect(decoder.accepts([0xff, 0x80, 0x01], into: list))
    #expect(list.unknowns == 1 && list.find(.path) == .unknown)
    // An entry larger than all that is held: what is older has no known index any more.
    var large = BlockWriter()
    large.literal(.inserted, name: 4, value: [UInt8](repeating: 0x30, count: 60_000), isEncoded: true)
    #expect(decoder.accepts(large.bytes, into: list))
    large = BlockWriter()
    large.tableSize(1 << 20)
    large.literal(.inserted, name: 4, value: Array(repeating: 0x30, count: 90_000), isEncoded: true)
    large.indexed(62)
    large.indexed(63)
    #expect(decoder.accepts(large.bytes, into: list))
    #expect(list.unknowns == 2 && decoder.entries == 0)
  }
}
