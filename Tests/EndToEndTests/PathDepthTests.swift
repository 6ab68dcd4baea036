// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Sections of several segments, live and from files.
@Suite(.serialized) struct PathDepthTests {
  @Test func `a file's sections have as many segments as asked for, one by default`() throws {
    func sections(_ options: String) -> [String: Int]? {
      let file = "\(JSONDocumentTests.root)/Tests/Captures/zeek-get.pcap"
      return Lines(Shell.run("\(Machine.program) read --format json \(options) \(file)").output)
        .summary?.sectionCounts
    }
    #expect(sections("") == ["/download": 1])
    #expect(sections("--path-depth 2") == ["/download/CHANGES.bro-aux.txt": 1])
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `identifiers are folded into one section`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--path-depth", "3", "--format", "json"])
    Network.run(
      """
      for n in 17 18 19; do curl -s -o /dev/null "http://10.77.0.2/users/$n/cart?x=$n"; done
      curl -s -o /dev/null http://10.77.0.2/users/new/cart/more
      """, in: client)
    server.waitForLog(4)
    let summary = try #require(Lines(monitor.end().output).summary)
    #expect(summary.sectionCounts == ["/users/{id}/cart": 3, "/users/new/cart": 1])
  }
}
