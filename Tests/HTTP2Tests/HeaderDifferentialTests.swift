// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import HTTP2
import HeaderBlocks
import Randomness
import Testing

/// Generated blocks, read by this decoder and by two reference implementations, libnghttp2 and Python's hpack: all accept
/// or all refuse, and the fields are the same.
@Suite struct HeaderDifferentialTests {
  /// Ends at the first difference, or at the first block that is refused: a connection ends with it.
  private static func compare(
    _ sequence: BlockSequence, _ list: HeaderList, refused: inout Int
  ) throws -> (blocks: Int, difference: String?) {
    let decoder = HeaderDecoder(joinedLate: false)
    let reference = try #require(Reference())
    var blocks = 0
    for step in sequence.steps {
      switch step {
      case .bound(let bytes):
        decoder.setBound(bytes, isAcknowledged: true)
        #expect(reference.setBound(bytes))
      case .block(let block):
        blocks += 1
        let fields = reference.decode(block)
        let isAccepted = decoder.accepts(block, into: list)
        guard let fields else {
          refused += 1
          return (blocks, isAccepted ? "the reference refuses block \(blocks): \(block)" : nil)
        }
        guard isAccepted else { return (blocks, "the reference accepts block \(blocks): \(block)") }
        if let difference = list.difference(from: fields) {
          return (blocks, "block \(blocks): \(difference)")
        }
      }
    }
    return (blocks, nil)
  }

  @Test func `a hundred thousand blocks are read as libnghttp2 reads them`() throws {
    var random = SeededGenerator(seed: 7541)
    let list = HeaderList()
    var blocks = 0, refused = 0, sequences = 0
    while blocks < 100_000 {
      let sequence = BlockGenerator.sequence(&random, most: 40)
      let result = try Self.compare(sequence, list, refused: &refused)
      if let difference = result.difference {
        Issue.record("sequence \(sequences): \(difference)")
        return
      }
      blocks += result.blocks
      sequences += 1
    }
    print("libnghttp2: \(blocks) blocks of \(sequences) connections, \(refused) refused by both")
    // Else the faults would not have been tried.
    #expect(refused > 500)
  }

  @Test func `whatever libnghttp2 encodes is read back`() throws {
    var random = SeededGenerator(seed: 9113)
    let list = HeaderList()
    var blocks = 0
    for _ in 0..<500 {
      let table: UInt32 = [0, 100, 512, 4096][Int.random(in: 0..<4, using: &random)]
      let encoder = try #require(Reference(table: table))
      let decoder = HeaderDecoder(joinedLate: false)
      for _ in 0..<40 {
        let fields = (0..<Int.random(in: 1...12, using: &random)).map { _ in
          let names = BlockGenerator.names
          let value = String(repeating: "v\(Int.random(in: 0..<50, using: &random))", count: 3)
          return (names[Int.random(in: 0..<names.count, using: &random)], value)
        }
        let block = try #require(encoder.encode(fields))
        #expect(decoder.accepts(block, into: list))
        let wanted = fields.map { ReferenceField(name: Array($0.0.utf8), value: Array($0.1.utf8)) }
        #expect(list.difference(from: wanted) == nil)
        blocks += 1
      }
    }
    print("encoded by libnghttp2: \(blocks) blocks")
  }

  @Test func `a hundred thousand blocks are read as Python's hpack reads them`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hpack-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let blocks = folder.appendingPathComponent("blocks").path
    let fields = folder.appendingPathComponent("fields").path
    let errors = folder.appendingPathComponent("errors").path
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("decode_blocks.py").path

    var random = SeededGenerator(seed: 20_150_514)
    var sequences: [BlockSequence] = []
    var count = 0
    while count < 125_000 {
      let sequence = BlockGenerator.sequence(&random, most: 40)
      sequences.append(sequence)
      count += sequence.steps.count { if case .block = $0 { true } else { false } }
    }
    try Data(sequences.flatMap(Self.script)).write(to: URL(fileURLWithPath: blocks))
    // Debian's, which python3-hpack belongs to.
    let python = ChildProcess(
      ["/usr/bin/python3", script], input: .file(blocks), output: .file(fields), errors: .file(errors))
    #expect(python.wait(seconds: 300), "the reference does not end")
    let complaint = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
    try #require(python.status == 0, "python3-hpack is missing or failed: \(complaint)")
    try Self.compare(sequences, with: Array(Data(contentsOf: URL(fileURLWithPath: fields))))
  }

  /// A sequence for the script: 'B' and a length for a block, 'S' for a setting, 'N' at the end.
  private static func script(_ sequence: BlockSequence) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let steps = sequence.steps.flatMap { step -> [UInt8] in
      switch step {
      case .block(let block): [UInt8(ascii: "B")] + number(block.count) + block
      case .bound(let bytes): [UInt8(ascii: "S")] + number(Int(bytes))
      }
    }
    return steps + [UInt8(ascii: "N")] + number(0)
  }

  private static func compare(_ sequences: [BlockSequence], with results: [UInt8]) throws {
    let list = HeaderList()
    var offset = 0, blocks = 0, refused = 0
    for (number, sequence) in sequences.enumerated() {
      let decoder = HeaderDecoder(joinedLate: false)
      var isOver = false
      for step in sequence.steps where !isOver {
        guard case .block(let block) = step else {
          if case .bound(let bytes) = step { decoder.setBound(bytes, isAcknowledged: true) }
          continue
        }
        try #require(offset + 5 <= results.count, "the reference has answered for each block")
        blocks += 1
        let wasAccepted = results[offset] == 1
        let length = (0..<4).reduce(0) { $0 | Int(results[offset + 1 + $1]) << (8 * $1) }
        let fields = ReferenceField.parse(Array(results[(offset + 5)..<(offset + 5 + length)]))
        offset += 5 + length
        let isAccepted = decoder.accepts(block, into: list)
        try #require(isAccepted == wasAccepted, "sequence \(number), one refuses \(block)")
        if isAccepted {
          try #require(list.difference(from: fields) == nil, "sequence \(number): \(block)")
        } else {
          refused += 1
          isOver = true
        }
      }
    }
    #expect(offset == results.count)
    print("hpack: \(blocks) blocks of \(sequences.count) connections, \(refused) refused by both")
    #expect(blocks >= 100_000 && refused > 500)
  }
}
