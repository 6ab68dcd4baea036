// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `--filter` narrows what counts, live and in files, by the connections' ends.
@Suite(.serialized) struct FilterTests {
  private struct Ledger: Decodable {
    struct Capture: Decodable { var filteredOut: Int? }
    var type: String
    var capture: Capture
  }

  /// Segments that were left out, by a summary.
  private static func leftOut(_ output: String) -> Int? {
    output.split(separator: "\n").compactMap { try? JSONDecoder().decode(Ledger.self, from: Data($0.utf8)) }
      .last { $0.type == "summary" }?.capture.filteredOut
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `live, only the connections of an expression count, and each backend has the same`() {
    let network = Network()
    let (client, name) = network.pair()
    Shell.run("ip -n \(client) addr add 10.77.0.9/24 dev eth0")
    let server = WebServer(in: name)
    func watch(_ backend: String, _ expression: String) -> Monitor {
      Monitor(in: name, ["--backend", backend, "--format", "json", "--filter", expression])
    }
    let expressions = [
      ("host 10.77.0.9", 3), ("ip6", 2), ("not host 10.77.0.9 and net 10.77.0.0/24", 4), ("host 10.1.1.1", 0),
    ]
    let monitors = ["ebpf", "pcap"].flatMap { backend in
      expressions.map { (watch(backend, $0.0), $0.1, "\(backend): \($0.0)") }
    }
    Network.run(
      """
      curl -s -o /dev/null --interface 10.77.0.9 http://10.77.0.2/echo?[1-3]
      curl -s -g -o /dev/null http://[fd77::2]/echo http://[fd77::2]/fail
      for i in 1 2 3 4; do curl -s -o /dev/null http://10.77.0.2/a/b; done
      """, in: client)
    server.waitForLog(9)
    for (monitor, count, what) in monitors {
      let ended = monitor.end()
      let summary = Lines(ended.output).summary
      #expect(summary?.requests == count, "\(what): \(ended.errors)")
      #expect(summary?.exchanges == count, "\(what)")
      #expect(summary?.isBalanced == true, "\(what)")
      #expect((Self.leftOut(ended.output) ?? 0) > 0, "\(what)")
    }
  }

  /// Two requests from port 3372 and 3371 of one machine.
  private static let capture = JSONDocumentTests.root + "/Tests/Captures/pcapplusplus-tutorial.pcap"

  @Test func `of a file too, and the page says what was left out`() {
    let all = Lines(Shell.run("\(Machine.program) read --format json \(Self.capture)").output).summary
    let none = Shell.run("\(Machine.program) read --filter 'host 192.0.2.1' \(Self.capture)")
    #expect((all?.requests ?? 0) > 0)
    #expect(none.output.contains("Nothing passes --filter 'host 192.0.2.1' ("))
    #expect(none.output.contains("\tOnly what --filter 'host 192.0.2.1' passes, left out: "))
    let whole = Shell.run("\(Machine.program) read --format json --filter 'port 80' \(Self.capture)").output
    #expect(Lines(whole).summary?.requests == all?.requests)
    #expect(Self.leftOut(whole) == nil)
  }

  @Test func `an expression that cannot be used ends it with 64, and says why`() {
    let wrong = Shell.attempt("\(Machine.program) read --filter 'tcp[13] = 2' \(Self.capture)")
    #expect(wrong.status == 64 && wrong.output.isEmpty)
    #expect(
      wrong.errors == """
        wiretally: --filter 'tcp[13] = 2' looks at more than hosts, networks, ports and protocols, which choose whole \
        connections
          hint: --filter 'host 10.0.0.1 and not port 8080'; -i, -Q, --where and --side choose by other properties

        """)
    let unknown = Shell.attempt("\(Machine.program) -t 1 --filter 'hots 10.0.0.1'")
    #expect(unknown.status == 64 && unknown.output.isEmpty)
    #expect(unknown.errors.contains("--filter 'hots 10.0.0.1': libpcap cannot compile the filter: "))
    #expect(unknown.errors.contains("syntax error"))
  }
}
