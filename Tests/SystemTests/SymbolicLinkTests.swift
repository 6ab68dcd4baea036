// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

struct SymbolicLinkTests {
  @Test(
    arguments: [
      ("socket:[1234]", 1234), ("socket:[]", nil), ("socket:[12", nil), ("pipe:[12]", nil),
      ("socket:[-1]", nil), ("x", nil),
    ] as [(String, UInt64?)])
  func `a link's number is read where it is of that kind`(target: String, number: UInt64?) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("wiretally-\(UUID().uuidString)")
      .path
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(SymbolicLink.target(of: path) == target)
    #expect(SymbolicLink.number(of: path, kind: "socket") == number)
  }

  @Test func `what is no link, or too long, has no target`() throws {
    #expect(SymbolicLink.target(of: "/") == nil)
    #expect(SymbolicLink.target(of: "/nothing here") == nil)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("wiretally-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createSymbolicLink(
      atPath: path, withDestinationPath: String(repeating: "x", count: 256))
    #expect(SymbolicLink.target(of: path) == nil)
  }
}
