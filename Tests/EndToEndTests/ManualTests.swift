// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The manual has the options that there are, and no others.
@Suite struct ManualTests {
  static let manual = Shell.read(JSONDocumentTests.root + "/packaging/wiretally.8.in")

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
      }
      var commandName: String
      var shouldDisplay: Bool?
      var arguments: [Argument]?
      var subcommands: [Command]?
    }
    var command: Command
  }

  /// The options of each subcommand, as the program tells them.
  static func commands() throws -> [String: Set<String>] {
    let dump = Shell.run("\(Machine.program) --experimental-dump-help").output
    let help = try JSONDecoder().decode(Help.self, from: Data(dump.utf8))
    var commands: [String: Set<String>] = [:]
    // What is not shown is for the program itself, which starts itself anew.
    for command in help.command.subcommands ?? []
    where command.commandName != "help" && command.shouldDisplay != false {
      let options = (command.arguments ?? []).filter { $0.shouldDisplay != false }.flatMap { $0.names ?? [] }
        .map { $0.kind == "short" ? $0.name : "-\($0.name)" }
      commands[command.commandName] = Set(options).subtracting(["h", "-help", "-version"])
    }
    return commands
  }

  /// The options of a subcommand's section of the manual.
  static func options(_ command: String) -> Set<String> {
    guard let section = manual.components(separatedBy: "\n.Ss \(command)\n").dropFirst().first else {
      return []
    }
    var options: Set<String> = []
    for line in section.split(separator: "\n") {
      if line.hasPrefix(".Ss") || line.hasPrefix(".Sh") { break }
      guard line.hasPrefix(".It Fl ") else { continue }
      for word in line.dropFirst(7).split(separator: " ") {
        if word == "Ar" { break }
        if word != "," { options.insert(String(word)) }
      }
    }
    return options
  }

  @Test func `each subcommand's options stand in the manual, and the other way round`() throws {
    let commands = try Self.commands()
    #expect(commands.count >= 3)
    for (command, options) in commands { #expect(Self.options(command) == options, "\(command)") }
    let sections = Self.manual.split(separator: "\n").filter { $0.hasPrefix(".Ss ") }.map { $0.dropFirst(4) }
    #expect(Set(sections.map(String.init)) == Set(commands.keys))
  }

  @Test func `every exit status of the help stands in the manual`() {
    for status in [0, 64, 65, 66, 70, 77] { #expect(Self.manual.contains("\n.It \(status)\n")) }
  }
}
