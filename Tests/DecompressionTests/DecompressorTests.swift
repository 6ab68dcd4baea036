// SPDX-License-Identifier: Apache-2.0

import Children
import Foundation
import Randomness
import System
import Testing

@testable import Decompression

/// What the programs that people compress with have written, decoded a piece at a time.
@Suite struct DecompressorTests {
  /// Text that repeats itself, and noise that does not.
  private static let content: [UInt8] = {
    var random = SeededGenerator(seed: 7)
    var bytes = Array(String(repeating: "GET /shop HTTP/1.1\r\n", count: 3_000).utf8)
    bytes += (0..<20_000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return bytes
  }()

  @Test(arguments: CompressionFormat.allCases)
  func `a file is decoded whole, by pieces of any size`(_ format: CompressionFormat) throws {
    let file = try compress(Self.content, format)
    #expect(CompressionFormat(beginning: file.rawSpan) == format)
    for (input, output) in [(file.count, 200_000), (1, 200_000), (4_096, 1), (7, 13)] {
      let decoded = decode(file, format, pieces: input, room: output)
      #expect(decoded.bytes == Self.content)
      #expect(decoded.fault == nil && decoded.isWhole)
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `members and zeros may follow each other`(_ format: CompressionFormat) throws {
    let member = try compress(Array("one".utf8), format), other = try compress(Array("two".utf8), format)
    let file = member + [0, 0, 0, 0] + other + [UInt8](repeating: 0, count: 512)
    for pieces in [1, 3, file.count] {
      let decoded = decode(file, format, pieces: pieces, room: 64)
      #expect(String(decoding: decoded.bytes, as: UTF8.self) == "onetwo")
      #expect(decoded.fault == nil && decoded.isWhole)
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `what is cut off is not whole, and all before it is there`(_ format: CompressionFormat) throws {
    let file = try compress(Self.content, format)
    let decoded = decode(Array(file.dropLast(9)), format, pieces: 1_000, room: 4_096)
    #expect(!decoded.isWhole && decoded.fault == nil)
    #expect(Self.content.starts(with: decoded.bytes))
  }

  @Test(arguments: CompressionFormat.allCases)
  func `damage is a fault`(_ format: CompressionFormat) throws {
    let file = try compress(Self.content, format)
    var random = SeededGenerator(seed: 11)
    for _ in 0..<100 {
      var damaged = file
      // After the magic, which decides the format.
      let place = Int.random(in: CompressionFormat.magicLength..<file.count, using: &random)
      damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      let decoded = decode(damaged, format, pieces: 4_096, room: 65_536)
      // A bit may be of no meaning, such as gzip's note of the system; then nothing has changed.
      #expect(decoded.fault != nil || !decoded.isWhole || decoded.bytes == Self.content)
    }
    let noise = Array(file[..<CompressionFormat.magicLength]) + [UInt8](repeating: 0xa5, count: 100)
    #expect(decode(noise, format, pieces: 10, room: 100).fault == .damaged)
  }

  @Test func `a file that asks for too much memory is refused`() throws {
    // 128 MiB of window, of which little is filled: what is asked for counts.
    let window = try compress(Self.content, .zstd, ["--ultra", "-22", "--long=27", "--no-check"])
    let large = try compress(Self.content, .zstd, ["--long=31"])
    #expect(decode(window, .zstd, pieces: 4_096, room: 65_536).bytes == Self.content)
    // The frame of a short file says its length; from a pipe zstd(1) does not know it.
    #expect(decode(large, .zstd, pieces: 4_096, room: 65_536).fault == .tooLarge)
    let strong = try compress(Self.content, .xz, ["-9"])
    #expect(decode(strong, .xz, pieces: 4_096, room: 65_536).bytes == Self.content)
    #expect(decode(strong, .xz, pieces: 4_096, room: 65_536, memory: 16 << 20).fault == .tooLarge)
  }

  @Test func `other files have no format`() {
    let beginnings: [[UInt8]] = [
      [], [0x1f], [0xd4, 0xc3, 0xb2, 0xa1, 2, 0], [0x0a, 0x0d, 0x0d, 0x0a], Array("BZ0".utf8),
    ]
    for beginning in beginnings { #expect(CompressionFormat(beginning: beginning.rawSpan) == nil) }
  }

  /// Decodes to the end of the input or a fault, `pieces` bytes of the input and `room` bytes of output at a time.
  private func decode(
    _ file: [UInt8], _ format: CompressionFormat, pieces: Int, room: Int, memory: UInt64 = Decompressor.memory
  ) -> (bytes: [UInt8], fault: Decompressor.Fault?, isWhole: Bool) {
    let decompressor = Decompressor(format, memory: memory)
    var bytes: [UInt8] = [], place = 0, buffer = [UInt8](repeating: 0, count: room)
    while true {
      let piece = Array(file[place..<min(place + pieces, file.count)])
      var output = buffer.mutableSpan
      // Any bytes are numbers of eight bits.
      var span = unsafe output.mutableBytes
      let step = decompressor.decode(piece.rawSpan, into: &span)
      bytes += buffer[..<step.produced]
      place += step.consumed
      if step.fault != nil || (step.consumed == 0 && step.produced == 0) {
        return (bytes, step.fault, place == file.count && decompressor.isBetweenMembers)
      }
    }
  }

  /// Compresses by the format's own program, from a pipe as `tcpdump | gzip` does.
  private func compress(_ bytes: [UInt8], _ format: CompressionFormat, _ options: [String] = []) throws
    -> [UInt8]
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: "compressed-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let plain = folder.appending(path: "plain"), compressed = folder.appending(path: "compressed")
    try Data(bytes).write(to: plain)
    let program = ([format.rawValue, "-c"] + options).joined(separator: " ")
    let child = ChildProcess(
      ["sh", "-c", "cat '\(plain.path)' | \(program)"], output: .file(compressed.path))
    try #require(child.wait(seconds: 60) && child.status == 0)
    return try Array(Data(contentsOf: compressed))
  }
}
