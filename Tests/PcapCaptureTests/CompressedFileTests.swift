// SPDX-License-Identifier: Apache-2.0

import Capture
import Children
import Foundation
import Testing

@testable import PcapCapture

/// Compressed capture files are read as what they hold.
@Suite struct CompressedFileTests {
  private static let captures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Captures")

  @Test(arguments: ["gzip", "bzip2", "xz", "zstd"], ["zeek-get.pcap", "zeek-image.pcapng"])
  func `a compressed file counts as the file does`(_ program: String, _ name: String) throws {
    try withCompressed(name, by: program) { plain, compressed in
      let expected = try FileAccount(paths: [plain.path]), account = try FileAccount(paths: [compressed.path])
      #expect(account.requests == expected.requests && account.requests > 0)
      #expect(account.capture.packets == expected.capture.packets)
      #expect(account.sites == expected.sites)
      #expect(account.statuses == expected.statuses)
    }
  }

  @Test(arguments: ["gzip", "bzip2", "xz", "zstd"])
  func `a file that was cut gives what is before the cut, then the fault in its own words`(_ program: String)
    throws
  {
    try withCompressed("zeek-image.pcapng", by: program) { _, compressed in
      let bytes = try Data(contentsOf: compressed)
      try bytes.dropLast(8).write(to: compressed)
      let source = FileSource(paths: [compressed.path], ports: .http)
      let fault = #expect(throws: CaptureError.self) {
        while try source.receive(timeout: 0, { _, _ in }) != .ended {}
      }
      #expect(fault?.reason == .badData)
      #expect(
        fault?.message.contains("its \(program) data end in the middle") == true, "\(fault?.message ?? "")")
      try Data(bytes.prefix(8)).write(to: compressed)
      let beginning = #expect(throws: CaptureError.self) { try CaptureFile(path: compressed.path) }
      #expect(beginning?.message.contains("cannot be read: its \(program) data end in the middle") == true)
    }
  }

  @Test func `damage is named at its place in what the file holds`() throws {
    try withCompressed("zeek-image.pcapng", by: "gzip") { _, compressed in
      var bytes = try Data(contentsOf: compressed)
      bytes[bytes.count / 2] ^= 0xff
      try bytes.write(to: compressed)
      let source = FileSource(paths: [compressed.path], ports: .http)
      let fault = #expect(throws: CaptureError.self) {
        while try source.receive(timeout: 0, { _, _ in }) != .ended {}
      }
      #expect(
        fault?.message.contains(" of what it holds: reading failed: its gzip data are damaged") == true,
        "\(fault?.message ?? "")")
    }
  }

  @Test func `progress is that of the compressed file`() throws {
    try withCompressed("zeek-image.pcapng", by: "xz") { _, compressed in
      let file = try CaptureFile(path: compressed.path)
      while try file.next({ _, _ in }) {}
      #expect(file.input.size == UInt64(try Data(contentsOf: compressed).count))
      #expect(file.progress == file.input.size)
      #expect(!file.input.canSeek)
    }
  }

  /// Calls `body` with a capture and a copy of it that `program` has compressed.
  private func withCompressed(_ name: String, by program: String, _ body: (URL, URL) throws -> Void) throws {
    let plain = Self.captures.appending(path: name)
    // By what it begins with, not by its name.
    let compressed = FileManager.default.temporaryDirectory.appending(path: "compressed-\(UUID())")
    defer { try? FileManager.default.removeItem(at: compressed) }
    let child = ChildProcess([program, "-c", plain.path], output: .file(compressed.path))
    try #require(child.wait(seconds: 60) && child.status == 0)
    try body(plain, compressed)
  }
}
