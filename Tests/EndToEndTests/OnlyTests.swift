// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `--only` counts the requests of a condition, live and in files, in every output.
@Suite(.serialized) struct OnlyTests {
  private static let capture = JSONDocumentTests.root + "/Tests/Captures/pcapplusplus-tutorial.pcap"

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `live, what is left out is in no total, table, rule, line or metric`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let condition = "site=shop.example and not path=/fail"
    let monitors = ["ebpf", "pcap"].map { backend in
      Monitor(
        in: name,
        [
          "--backend", backend, "--format", "json", "--only", condition, "--interval", "1s",
          "--alert", "failures > 0%", "--alert", "requests > 0",
        ])
    }
    let lines = Monitor(in: name, ["--follow", "--format", "json", "--only", "path=/fail or method=POST"])
    Network.run(
      """
      for i in 1 2 3; do curl -s -o /dev/null -H 'Host: shop.example' http://10.77.0.2/a/b; done
      for i in 1 2; do curl -s -o /dev/null -H 'Host: shop.example' http://10.77.0.2/fail?x=$i; done
      for i in 1 2 3 4; do curl -s -o /dev/null -H 'Host: other.example' http://10.77.0.2/echo; done
      curl -s -o /dev/null -X POST -H 'Host: other.example' http://10.77.0.2/made
      """, in: client)
    server.waitForLog(10)
    for monitor in monitors {
      #expect(monitor.waits(for: #""type":"alert""#))
      let ended = monitor.end()
      let summary = Lines(ended.output).summary
      #expect(summary?.requests == 3 && summary?.exchanges == 3 && summary?.failures == 0, "\(ended.errors)")
      #expect(summary?.siteCounts == ["shop.example": 3] && summary?.sectionCounts == ["/a": 3])
      #expect(summary?.methods == ["GET": 3] && summary?.clients.map(\.requests) == [3])
      #expect(summary?.capture.uncountedRequests == 7 && summary?.capture.uncountedResponses == 7)
      #expect(summary?.isBalanced == true && summary?.inFlight == 0)
      #expect(ended.output.contains(#""imbalance":null"#))
      let raised = ended.output.split(separator: "\n").filter { $0.contains(#""type":"alert""#) }
      #expect(!raised.isEmpty && raised.allSatisfy { $0.contains(#""measure":"requests""#) }, "\(raised)")
      #expect(ended.errors.contains(", only '\(condition)' ("), "\(ended.errors)")
    }
    let followed = lines.end().output.split(separator: "\n").filter { $0.contains(#""type":"exchange""#) }
    #expect(followed.count == 3, "\(followed)")
    #expect(followed.allSatisfy { $0.contains("/fail") || $0.contains("POST") })
  }

  @Test func `of a file too, and the page says what was left out`() {
    let all = Lines(Shell.run("\(Machine.program) read --format json \(Self.capture)").output).summary
    let none = Shell.run("\(Machine.program) read --only 'site=nobody.example' \(Self.capture)")
    #expect((all?.requests ?? 0) > 0)
    #expect(none.output.contains("No request is like --only 'site=nobody.example' ("), "\(none.output)")
    #expect(
      none.output.contains(
        "\tOnly requests like --only 'site=nobody.example', left out: \(all?.requests ?? 0) requests, "))
    let whole = Lines(
      Shell.run("\(Machine.program) read --format json --only 'site=*' \(Self.capture)").output)
    #expect(whole.summary?.requests == all?.requests && whole.summary?.siteCounts == all?.siteCounts)
    #expect(whole.summary?.capture.uncountedRequests == nil)
  }

  @Test func `a history keeps the condition, and its replay says it`() throws {
    let file = FileManager.default.temporaryDirectory.path + "/wiretally-only-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    _ = Shell.run("\(Machine.program) read --history \(file) --only 'method=GET' \(Self.capture)")
    let page = Shell.run("\(Machine.program) replay \(file)").output
    #expect(page.contains("Only requests like --only 'method=GET', left out: "), "\(page)")
  }

  @Test func `a condition about the answer ends it with 64, and says what to do instead`() {
    let wrong = Shell.attempt("\(Machine.program) read --only 'path=/a and status>=500' \(Self.capture)")
    #expect(wrong.status == 64 && wrong.output.isEmpty)
    #expect(
      wrong.errors == """
        wiretally: --only: a request has no 'status' (only site, path, client, method); it counts when it is seen, before \
        its answer; --where chooses by the answer what is shown
          path=/a and status>=500
                      ^^^^^^
          hint: --only 'site=shop.example and not path=/healthz'

        """)
    let long = Shell.attempt("\(Machine.program) -t 1 --only 'site=\(String(repeating: "a", count: 5_000))'")
    #expect(long.status == 64 && long.errors.contains("--only is longer than 4096 bytes"))
  }
}
