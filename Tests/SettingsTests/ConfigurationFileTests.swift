// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct ConfigurationFileTests {
  private func settings(_ text: String, of command: String = "watch") throws -> [Setting] {
    try ConfigurationFile(Array(text.utf8), path: "f").settings(of: command)
  }

  /// What the file is refused with.
  private func error(_ text: String) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try ConfigurationFile(Array(text.utf8), path: "f").settings(of: "watch")
      return nil
    } catch { return error }
  }

  @Test func `each setting has its value and its line`() throws {
    let text = """
      # comment
      top = 5
      interval = "10s"

      no-alert = true
      alert = ["failures > 5%",
               'p99 > 1s']
      ring = 0.5
      """
    let found = try settings(text).sorted { $0.name < $1.name }
    #expect(
      found == [
        Setting("alert", .list(["failures > 5%", "p99 > 1s"]), origin: "f:6"),
        Setting("interval", .text("10s"), origin: "f:3"),
        Setting("no-alert", .flag(true), origin: "f:5"),
        Setting("ring", .text("0.5"), origin: "f:8"),
        Setting("top", .text("5"), origin: "f:2"),
      ])
  }

  @Test func `a table belongs to its command`() throws {
    let text = "top = 5\n[read]\ntop = 7\n[watch]\nmouse = true\n"
    #expect(try settings(text, of: "read") == [Setting("top", .text("7"), origin: "f:3")])
    #expect(
      try settings(text) == [
        Setting("top", .text("5"), origin: "f:1"), Setting("mouse", .flag(true), origin: "f:5"),
      ])
  }

  @Test(arguments: [
    ("top = 5\ntop = 6\n", "f:2"), ("top = \n", "f:1"), ("\n[other]\ntop = 5\n", "f:3"),
    ("top = 2020-01-01\n", "f:1"), ("top = [[1]]\n", "f:1"), ("\nx = [true]\n", "f:2"),
    ("[watch]\na.b = 5\n", "f:2"), ("top = \"\u{0}\"\n", "f"),
  ])
  func `what is wrong is refused with its place`(text: String, origin: String) {
    #expect(error(text)?.origin == origin)
    #expect(error(text)?.fault.isEmpty == false)
  }

  @Test func `bytes that are no text are refused`() {
    #expect(throws: ConfigurationError.self) {
      try ConfigurationFile([0x61, 0x3d, 0x22, 0xff, 0xfe, 0x22, 0x0a], path: "f")
    }
  }

  @Test func `an empty file has no settings`() throws {
    #expect(try settings("") == [])
    #expect(try settings("# nothing\n") == [])
  }

  @Test func `a file that is not there is one thing, one that cannot be read another`() {
    #expect(ConfigurationFile.isMissing("/nonexistent/config.toml"))
    #expect(!ConfigurationFile.isMissing("/proc"))
    #expect(throws: ConfigurationError.self) { try ConfigurationFile(path: "/proc") }
  }
}
