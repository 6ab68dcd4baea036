// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// docs/wiretally.schema.json describes every line that the program writes, and the document's members.
@Suite(.serialized) struct SchemaTests {
  /// The script that validates; the library that it needs is Debian's own.
  static let script = "\(Stage.python) \(JSONDocumentTests.root)/Tests/EndToEndTests/Scripts/schema.py"

  /// Validates lines; what it counted of each type, as "exchange 3", or nil with why not.
  static func validate(_ lines: String) -> (counts: Set<String>?, errors: String) {
    let ran = Shell.attempt("\(script) lines", input: Data(lines.utf8))
    return (ran.status == 0 ? Set(ran.output.split(separator: "\n").map(String.init)) : nil, ran.errors)
  }

  /// The types of lines that were validated, each at least once.
  static func types(_ lines: String, sourceLocation: SourceLocation = #_sourceLocation) -> Set<String> {
    let result = validate(lines)
    #expect(result.counts != nil, "\(result.errors)", sourceLocation: sourceLocation)
    return Set((result.counts ?? []).map { String($0.prefix { $0 != " " }) })
  }

  @Test func `the document and the schema name the same members`() {
    let ran = Shell.run("\(Self.script) document")
    #expect(ran.output.hasPrefix("members "))
  }

  /// Statistics with rules and deliveries, and single exchanges, of all captures in one process of Python.
  @Test func `every line of every capture is valid`() {
    let folder = Folder()
    let out = folder.file("out"), err = folder.file("err")
    let process = ChildProcess(
      [
        "/bin/sh", "-c",
        "exec \(Self.script) captures \(Machine.program) \(JSONDocumentTests.root)/Tests/Captures",
      ],
      output: .file(out), errors: .file(err))
    // A debug build takes half a second for each capture on a busy machine, and there are two hundred runs.
    #expect(process.wait(seconds: 400))
    #expect(process.status == 0, "\(Shell.read(err))")
    let types = Shell.read(out).split(separator: "\n").map { $0.prefix { $0 != " " } }
    #expect(types == ["alert", "exchange", "interval", "summary"])
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `every live line is valid, and the answer of the snapshot`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: name,
      [
        "-t", "0", "--format", "json", "--interval", "1s", "--alert", "p99 > 1us over 10s", "--on-alert",
        "true",
        "--listen", "127.0.0.1:9900",
      ])
    server.waitForLog(LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2"))
    #expect(monitor.waits(for: #""type":"alert""#))
    let snapshot = Network.run("curl -sS --fail http://127.0.0.1:9900/api/v1/snapshot", in: name)
    #expect(Self.types(snapshot.output) == ["summary"])
    #expect(Self.types(monitor.end().output) == ["interval", "alert", "summary"])
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `every live line of single exchanges is valid`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["-t", "0", "--follow", "--format", "json", "--interval", "1s"])
    server.waitForLog(LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2"))
    #expect(monitor.waits(for: #""type":"alert""#))
    #expect(Self.types(monitor.end().output).isSuperset(of: ["exchange", "alert"]))
  }

  @Test func `a line for exchanges without one is valid`() {
    #expect(Self.types(#"{"type":"dropped","schema":1,"count":3}"#) == ["dropped"])
  }

  /// A valid line of a capture, with one thing about it changed.
  @Test(arguments: [
    (#""requests":"#, #""requets":"#), (#""schema":1"#, #""schema":2"#),
    (#""type":"summary""#, #""type":"sum""#),
    (#""type":"summary""#, #""type":"interval""#), (#""lost":0"#, #""lost":"0""#),
    (#""lost":0"#, #""lost":-1"#),
    (#""lost":0"#, #""lost":0,"more":1"#), (#""methods":{"#, #""methods":{"PUT":1.5,"#),
    (#""statuses":{"#, #""statuses":{"99":1,"#), (#""backend":"file""#, #""backend":null"#),
    (#""section":"#, #""sections":"#), (#""imbalance":null"#, #""imbalance":0"#),
  ])
  func `a wrong member is refused`(right: String, wrong: String) throws {
    let ran = Shell.run("\(Machine.program) read --format json \(JSONDocumentTests.capture)")
    let line = try #require(ran.output.split(separator: "\n").last).description
    try #require(line.contains(right))
    #expect(Self.validate(line).counts == ["summary 1"])
    #expect(Self.validate(line.replacingOccurrences(of: right, with: wrong)).counts == nil)
  }
}
