// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Options from files and the environment, as an operator meets them.
@Suite struct ConfigurationTests {
  private let capture = "\(JSONDocumentTests.root)/Tests/Captures/zeek-image.pcapng"
  private let folder = Folder()

  /// Writes a file of options and returns its path.
  private func file(_ text: String) throws -> String {
    try text.write(toFile: folder.path + "/config.toml", atomically: true, encoding: .utf8)
    return folder.path + "/config.toml"
  }

  @Test func `a file's options are as if typed, and typed ones win`() throws {
    let path = try file("[read]\nformat = \"json\"\nport = 1\n")
    let typed = Shell.run("\(Machine.program) read --format json --port 1 \(capture)")
    #expect(typed.output.contains("\"requests\":0"), "\(typed.output)")
    #expect(Shell.run("\(Machine.program) read --config \(path) \(capture)").output == typed.output)
    let won = Shell.run("\(Machine.program) read --config \(path) --port 80 \(capture)")
    #expect(won.output == Shell.run("\(Machine.program) read --format json \(capture)").output)
    let environment = Shell.run(
      "WIRETALLY_OPT_FORMAT=json WIRETALLY_OPT_PORT=1 WIRETALLY_OPT_INTERFACE=lo \(Machine.program) read \(capture)"
    )
    #expect(environment.output == typed.output)
  }

  @Test(arguments: [
    ("top = 0\n", ":2: --top must be 1 or more, got 0", "--top 5"),
    ("# a\n\ntopp = 5\n", ":4: unknown option '--topp'", "--top"),
    ("top = \"a\"\n", ":2: invalid value 'a' for --top (expected a whole number, 1 or more)", "--top 5"),
    ("history-size = 0\n", ":2: --history-size must be 1 to 65536 MiB, got 0", "--history-size 256"),
    (
      "history-size = 5\n", ":2: --history-size is about the file of --history",
      "--history /var/lib/wiretally/history"
    ),
    ("follow = \"yes\"\n", ":2: --follow takes no value, got 'yes'", "--follow"),
    ("where = \"nonsense=1\"\nfollow = true", ":2: --where: ", ""),
    ("top = 5\nalert = [\"failures >> 5\"]\n", ":3: --alert: ", ""),
  ])
  func `what is wrong is named by file and line`(text: String, message: String, hint: String) throws {
    let path = try file("[read]\n" + text)
    let ran = Shell.attempt("\(Machine.program) read --config \(path) \(capture)")
    #expect(ran.status == 64)
    #expect(ran.errors.hasPrefix("wiretally: \(path)\(message)"), "\(ran.errors)")
    #expect(ran.errors.contains("\n  hint: \(hint)"), "\(ran.errors)")
    #expect(ran.output.isEmpty)
  }

  @Test func `a watch takes its rule from a file`() throws {
    let path = try file("no-alert = true\ninterface = \"nowhere0\"\n")
    let ran = Shell.attempt("\(Machine.program) --config \(path)")
    // What is missing is the interface, no longer a rule.
    #expect(ran.status == (Machine.isRoot ? 66 : 77), "\(ran.errors)")
  }
}
