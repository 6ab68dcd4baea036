// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The manual and the guide have the options that there are, each exactly once, with their defaults.
@Suite struct ManualTests {
  static let manual = Shell.read(JSONDocumentTests.root + "/packaging/wiretally.8.in")
  static let guide = Shell.read(JSONDocumentTests.root + "/docs/guide.md")

  /// An option of one subcommand in one document.
  struct Option: Hashable, Comparable, CustomStringConvertible {
    var command: String
    /// As it is typed: `-t`, `--port`.
    var name: String
    var description: String { "\(command) \(name)" }
    static func < (a: Option, b: Option) -> Bool { a.description < b.description }
  }

  struct Help: Decodable {
    struct Command: Decodable {
      struct Argument: Decodable {
        struct Name: Decodable {
          var kind: String
          var name: String
        }
        var kind: String
        var names: [Name]?
        var shouldDisplay: Bool?
        var defaultValue: String?
      }
      var commandName: String
      var shouldDisplay: Bool?
      var arguments: [Argument]?
      var subcommands: [Command]?
    }
    var command: Command
  }

  /// The options of each subcommand as the program prints them, with their defaults, nil for none.
  static func options() throws -> [Option: String?] {
    try arguments().mapValues { $0.defaultValue }
  }

  /// The options that take a value.
  static func valueOptions() throws -> [Option] {
    try arguments().filter { $0.value.kind == "option" }.keys.sorted()
  }

  private static func arguments() throws -> [Option: Help.Command.Argument] {
    let dump = Shell.run("\(Machine.program) --experimental-dump-help").output
    let help = try JSONDecoder().decode(Help.self, from: Data(dump.utf8))
    var options: [Option: Help.Command.Argument] = [:]
    // What is not shown is for the program itself, which starts itself again.
    for command in help.command.subcommands ?? []
    where command.commandName != "help" && command.shouldDisplay != false {
      for argument in command.arguments ?? [] where argument.shouldDisplay != false {
        for name in argument.names ?? [] where !["h", "help", "version"].contains(name.name) {
          let typed = (name.kind == "short" ? "-" : "--") + name.name
          options[Option(command: command.commandName, name: typed)] = argument
        }
      }
    }
    return options
  }

  /// The options of the manual's sections in their order, each with the text of its item.
  static func inManual(_ manual: String) -> [(option: Option, text: String)] {
    var found: [(option: Option, text: String)] = []
    var command = ""
    var item = 0
    for line in manual.split(separator: "\n") {
      if line.hasPrefix(".Ss ") { command = String(line.dropFirst(4)) }
      if line.hasPrefix(".Sh ") { command = "" }
      if command.isEmpty { continue }
      guard line.hasPrefix(".It Fl ") else {
        for index in item..<found.count { found[index].text += line + "\n" }
        continue
      }
      item = found.count
      for word in line.dropFirst(7).split(separator: " ") {
        if word == "Ar" { break }
        if word != "," { found.append((Option(command: command, name: "-\(word)"), "")) }
      }
    }
    return found
  }

  /// The options of the guide's table in their order, each with the text of its column for the default.
  static func inGuide(_ guide: String) -> [(option: Option, text: String)] {
    var found: [(option: Option, text: String)] = []
    for line in guide.split(separator: "\n") where line.hasPrefix("| `-") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count >= 4 else { continue }
      for command in cells[1].split(separator: ", ") {
        for name in cells[0].matches(of: /`(--?[A-Za-z-]+)`/) {
          found.append((Option(command: String(command), name: String(name.1)), cells[2]))
        }
      }
    }
    return found
  }

  @Test func `each option of the help stands in the manual exactly once, and no other`() throws {
    let options = try Self.options()
    #expect(options.count >= 40)
    #expect(Self.inManual(Self.manual).map(\.option).sorted() == options.keys.sorted())
  }

  @Test func `each option of the help stands in the guide exactly once, and no other`() throws {
    let options = try Self.options()
    #expect(Self.inGuide(Self.guide).map(\.option).sorted() == options.keys.sorted())
  }

  @Test func `the manual and the guide have the defaults of the help`() throws {
    let options = try Self.options()
    #expect(options.values.compactMap { $0 }.count >= 15)
    for (option, text) in Self.inGuide(Self.guide) {
      if let value = options[option] ?? nil { #expect(text == "`\(value)`", "guide: \(option)") }
    }
    // What `read` and `replay` share with `watch` is explained there.
    for (option, text) in Self.inManual(Self.manual) where !["read", "replay"].contains(option.command) {
      if let value = options[option] ?? nil {
        #expect(text.contains("(default: \(value))"), "manual: \(option)")
      }
    }
  }

  @Test func `an option that stands twice is found`() {
    let text =
      ".Ss watch\n.It Fl -port Ar ports\nPorts.\n.It Fl t , -trigger Ar n\n.It Fl -port Ar ports\n.Sh FILES\n.It Fl x\n"
    #expect(Self.inManual(text).map(\.option.name) == ["--port", "-t", "--trigger", "--port"])
    #expect(Self.inManual(text)[0].text == "Ports.\n")
    let table = "| `-t`, `--trigger` N | watch, read | `5` | a |\n| `--trigger` N | read | none | b |"
    #expect(
      Self.inGuide(table).map(\.option.description)
        == ["watch -t", "watch --trigger", "read -t", "read --trigger", "read --trigger"])
    #expect(Self.inGuide(table)[0].text == "`5`")
  }

  @Test func `the manual's sections are the subcommands`() throws {
    let sections = Self.manual.split(separator: "\n").filter { $0.hasPrefix(".Ss ") }.map {
      String($0.dropFirst(4))
    }
    #expect(sections.sorted() == Set(try Self.options().keys.map(\.command)).sorted())
  }

  @Test func `every exit status stands in the manual and the guide`() {
    for status in [0, 64, 65, 66, 70, 77] {
      #expect(Self.manual.contains("\n.It \(status)\n"))
      #expect(Self.guide.contains("\n| \(status) | "))
    }
  }
}
