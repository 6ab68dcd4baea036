// SPDX-License-Identifier: Apache-2.0

import Settings
import Foundation
import Testing

@testable import wiretally

/// Options from files and the environment beside those that were typed.
@Suite struct OptionSourcesTests {
  /// A file of options that is removed with the test.
  private final class OptionFile {
    let path = NSTemporaryDirectory() + "wiretally-" + UUID().uuidString + ".toml"

    init(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private func arguments(_ typed: [String], _ variables: [String] = []) throws -> [String] {
    try OptionSources(typed, variables: variables).arguments
  }

  /// What such a file is refused with, without the file's name.
  private func fault(_ text: String) throws -> String? {
    let file = try OptionFile(text)
    do throws(ConfigurationError) {
      _ = try OptionSources(["--config", file.path], variables: [])
      return nil
    } catch { return String(error.description.dropFirst(file.path.count)) }
  }

  @Test func `options of a file come before those that were typed`() throws {
    let file = try OptionFile(
      "interval = \"5s\"\nalert = [\"a > 1\", \"b > 2\"]\nport = [80, 8080]\nmouse = true\n")
    #expect(
      try arguments(["--config", file.path, "-i", "lo"]) == [
        "watch", "--alert=a > 1", "--alert=b > 2", "--interval=5s", "--mouse", "--port=80,8080",
        "--config", file.path, "-i", "lo",
      ])
  }

  @Test func `typed options win over the environment, and that over files, the last file first`() throws {
    let first = try OptionFile("top = 1\nring = 1\nworkers = 1\nwindow = \"1m\"\n")
    let last = try OptionFile("top = 2\nring = 2\nworkers = 2\n")
    let typed = ["--config", first.path, "--config", last.path, "--top", "4"]
    #expect(
      try arguments(typed, ["WIRETALLY_OPT_TOP=3", "WIRETALLY_OPT_RING=3"]) == [
        "watch", "--ring=3", "--window=1m", "--workers=2",
      ] + typed)
  }

  @Test func `a short name that was typed wins over the long one in a file`() throws {
    let file = try OptionFile("alert-trigger-threshold = 5\ninterface = \"eth0\"\n")
    let typed = ["--config=\(file.path)", "-t", "7", "-i", "lo"]
    #expect(try arguments(typed) == typed)
  }

  @Test func `what was typed removes what it excludes`() throws {
    let rules = try OptionFile("alert-trigger-threshold = 5\nalert = \"a > 1\"\n")
    let none = try OptionFile("no-alert = true\n")
    #expect(try arguments(["--config", rules.path, "--no-alert"]) == ["--config", rules.path, "--no-alert"])
    #expect(try arguments(["--config", none.path, "-t", "5"]) == ["--config", none.path, "-t", "5"])
    #expect(
      try arguments(["--config", none.path, "--config", rules.path]).prefix(3) == [
        "watch", "--alert=a > 1", "--alert-trigger-threshold=5",
      ])
  }

  @Test func `read has a table of its own`() throws {
    let file = try OptionFile("top = 1\n[read]\ntop = 2\n")
    let typed = ["read", "--config", file.path, "a.pcap"]
    #expect(try arguments(typed) == ["read", "--top=2", "--config", file.path, "a.pcap"])
  }

  @Test func `a variable of another command's option is passed over`() throws {
    let variables = ["WIRETALLY_OPT_INTERFACE=lo", "WIRETALLY_OPT_TOP=3", "WIRETALLY_OPT_CONFIG=/dev/null"]
    #expect(try arguments(["read", "a.pcap"], variables) == ["read", "--top=3", "a.pcap"])
    #expect(try arguments(["-t", "5"], variables) == ["watch", "--interface=lo", "--top=3", "-t", "5"])
  }

  @Test(arguments: [
    ["--help"], ["watch", "-h"], ["-V"], ["doctor"], ["bench", "--seconds", "1"], ["nonsense"],
  ])
  func `questions and other commands take no options from elsewhere`(typed: [String]) throws {
    #expect(try arguments(typed, ["WIRETALLY_OPT_TOP=3", "WIRETALLY_OPT_CONFIG=/nonexistent"]) == typed)
  }

  @Test func `a file that is named has to be there, unless a dash says that it need not`() throws {
    #expect(throws: ConfigurationError.self) { try arguments(["--config", "/nonexistent/a.toml"]) }
    let typed = ["--config=-/nonexistent/a.toml", "-t", "5"]
    #expect(try arguments(typed) == typed)
  }

  @Test(arguments: [
    ("\ntop = true\n", ":2: 'top' needs a value (a whole number, 1 or more), got true or false"),
    ("top = [1, 2]\n", ":1: 'top' takes one value (a whole number, 1 or more), got a list"),
    ("mouse = [1]\n", ":1: 'mouse' takes one value, got a list"),
    ("config = \"b.toml\"\n", ":1: a file of options names no other"),
  ])
  func `a value that an option cannot have is refused with its place`(text: String, message: String) throws {
    #expect(try fault(text) == message)
  }

  @Test func `a message about an option names the place where it was written`() throws {
    let file = try OptionFile("top = 0\n\nalert-trigger-threshold = 5\n")
    let sources = try OptionSources(["--config", file.path], variables: ["WIRETALLY_OPT_RING=0"])
    #expect(
      sources.located("--top must be 1 or more, got 0") == "\(file.path):1: --top must be 1 or more, got 0")
    #expect(sources.located("-t must be 0 or more, got 5").hasPrefix("\(file.path):3: "))
    #expect(sources.located("--ring must be 1 to 1024 MiB, got 0").hasPrefix("WIRETALLY_OPT_RING: "))
    #expect(sources.located("unknown option '--tope'") == "unknown option '--tope'")
    #expect(sources.located("the traffic-on-port note") == "the traffic-on-port note")
  }
}
