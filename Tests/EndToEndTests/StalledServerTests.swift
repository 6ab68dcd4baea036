// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A server that has stopped to answer shows at once, and not with the end of its requests.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct StalledServerTests {
  @Test(arguments: LiveTrafficTests.backends)
  func `90 requests to a server that hangs raise an alert within one interval, and then end`(
    backend: String
  ) throws {
    let network = Network()
    let (client, name) = network.pair()
    let upstream = SilentServer(in: name)
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: name,
      ["--backend", backend, "--interval", "1s", "--format", "json", "--alert", "oldest > 5s"],
      threshold: nil)
    let clients = ChildProcess([
      "ip", "netns", "exec", client, "sh", "-c",
      "for n in $(seq 90); do curl -s -o /dev/null http://10.77.0.2/hang/$n & done; wait",
    ])
    #expect(monitor.waits(for: #""state":"raised""#))
    // nginx answers for its upstream that it is gone.
    upstream.stop()
    server.waitForLog(90)
    #expect(clients.wait(seconds: 20))
    #expect(monitor.waits(for: #""state":"recovered""#))
    let output = monitor.end().output
    let intervals = Lines(output).intervals
    let raised = try #require(intervals.firstIndex { ($0.oldestInFlight ?? 0) > 5 })
    let first = intervals[raised]
    #expect(first.inFlight == 90 && first.oldestInFlight.map { $0 <= 6 } == true, "\(output)")
    let lines = output.split(separator: "\n")
    let alert = try #require(lines.firstIndex { $0.contains(#""state":"raised""#) })
    // Of the intervals' lines those up to that one come before the alert's, or it is the next one.
    let before = lines[..<alert].count { $0.contains(#""type":"interval""#) }
    #expect(before == raised || before == raised + 1, "\(output)")
    #expect(server.count(\.status) == ["502": 90])
    let summary = try #require(Lines(output).summary)
    #expect(summary.requests == 90 && summary.failures == 90 && summary.exchanges == 90)
    #expect(summary.inFlight == 0 && summary.statuses["502"] == 90, "\(output)")
  }
}
