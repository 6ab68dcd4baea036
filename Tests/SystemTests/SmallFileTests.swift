// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

/// Files read whole.
@Suite struct SmallFileTests {
  /// A file of these bytes, which goes with the value.
  private final class Temporary {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("small-\(UUID().uuidString)")
      .path
    init(_ text: String) throws { try text.write(toFile: path, atomically: false, encoding: .utf8) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test func `an open file is read again from its beginning`() throws {
    let written = try Temporary("first")
    let file = try SmallFile(written.path)
    #expect(try file.read() == Array("first".utf8))
    try "second, longer".write(toFile: written.path, atomically: false, encoding: .utf8)
    #expect(try file.read() == Array("second, longer".utf8))
  }

  @Test func `a file longer than a block is read whole, up to its limit`() throws {
    let text = String(repeating: "0123456789", count: 1_000)
    let written = try Temporary(text)
    #expect(try SmallFile.contents(of: written.path, limit: 10_000) == Array(text.utf8))
    #expect(throws: SystemError(EFBIG)) { try SmallFile.contents(of: written.path, limit: 9_999) }
  }

  @Test func `a file that does not end is given up`() {
    #expect(throws: SystemError(EFBIG)) { try SmallFile.contents(of: "/dev/zero") }
  }

  @Test func `what cannot be read throws what the system says`() {
    #expect(throws: SystemError(ENOENT)) { try SmallFile("/nowhere/at/all") }
    #expect(throws: SystemError(EISDIR)) { try SmallFile.contents(of: "/") }
    #expect(SmallFile.text(of: "/nowhere/at/all") == nil)
  }

  @Test func `the kernel's own files are read, which have no length`() throws {
    #expect(try #require(SmallFile.text(of: "/proc/self/statm")).split(separator: " ").count == 7)
  }
}
