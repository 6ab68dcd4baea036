// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// HTTP/2 without TLS at the default depth: nginx's own log is the ground truth.
@Suite(
  .serialized, .enabled(if: Machine.hasFrameLoad, "needs root, network namespaces, nginx, curl and h2load"))
struct LiveFrameTests {
  @Test(arguments: [["--backend", "ebpf"], ["--backend", "ebpf", "--workers", "3"], ["--backend", "pcap"]])
  func `streams of many connections count as the server logs them`(options: [String]) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, isHTTP2: true)
    let monitor = Monitor(in: name, ["--format", "json"] + options)
    let paths = ["/echo", "/a/b", "/nothing", "/fail"].map { "http://10.77.0.2\($0)" }
    let load = Network.run("h2load -n 3000 -c 4 -m 100 \(paths.joined(separator: " "))", in: client)
    #expect(load.status == 0 && load.output.contains("3000 done"), "\(load.output)")
    let curl = "curl -sf --http2-prior-knowledge -o /dev/null -X"
    Network.run(
      """
      \(curl) PUT http://[fd77::2]/made; \(curl) DELETE http://10.77.0.2/none
      \(curl) GET http://10.77.0.2/big; \(curl) GET http://10.77.0.2/big
      """, in: client)
    server.waitForLog(3_004)
    let summary = Lines(monitor.end().output).summary
    #expect(server.log.values.reduce(0, +) == 3_004)
    #expect(summary?.protocols == ["HTTP/2": 3_004])
    LiveTrafficTests.expectSameAsLog(summary, server)
  }

  @Test(arguments: [["--backend", "ebpf"], ["--backend", "ebpf", "--depth", "streams"]])
  func `large bodies count as the server logs them, and their bytes stay in the kernel`(options: [String]) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, isHTTP2: true)
    let monitor = Monitor(in: name, ["--format", "json"] + options)
    let load = Network.run("h2load -n 200 -c 4 -m 5 http://10.77.0.2/big http://10.77.0.2/a/b", in: client)
    #expect(load.status == 0 && load.output.contains("200 done"), "\(load.output)")
    server.waitForLog(200)
    let summary = Lines(monitor.end().output).summary
    #expect(server.log.values.reduce(0, +) == 200)
    let bytes = 4_000_000 * server.count(\.target)["/big", default: 0]
    let skipped = summary?.capture.h2DataSkipped ?? 0
    if options.contains("streams") {
      // With all their bytes the ring may overflow: then counts are lower bounds, and are reported as such.
      #expect(skipped == 0)
      if summary?.capture.lost == 0 { LiveTrafficTests.expectSameAsLog(summary, server) }
      return
    }
    LiveTrafficTests.expectSameAsLog(summary, server)
    // What passes before a worker has answered where frames begin is a small part.
    #expect(bytes > 0 && skipped > bytes / 2, "\(skipped) of \(bytes) bytes")
  }
}
