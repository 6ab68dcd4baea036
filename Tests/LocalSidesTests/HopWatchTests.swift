// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import LocalSides
import Reporting
import System
import Testing

/// Sites whose requests come to this machine and leave it as well.
@Suite struct HopWatchTests {
  private static let here = Endpoint(ipv4: 0x7f00_0001, port: 80)
  private static let client = Endpoint(ipv4: 0xc000_0201, port: 40_000)
  private static let upstream = Endpoint(ipv4: 0xc000_0263, port: 80)

  private let finding = Locked<String?>(nil)

  /// What is found in requests of a site's section on two connections, one to this machine and one from it.
  /// Of them, those count that `only` chooses.
  private func found(
    _ incoming: (site: String, path: String), _ outgoing: (site: String, path: String), only: String? = nil
  ) throws -> String? {
    let choice = try only.map {
      try RequestChoice(
        ExchangeFilter($0, about: .request), pendingExchanges: ExchangeLimits.file.pendingRequests)
    }
    let ports = try #require(PortSet(parsing: "80"))
    let hops = HopWatch(LocalSide(ports: ports, local: try LocalAddresses()), finding: finding)
    var tracker = ExchangeTracker(limits: .file, depth: .streams, seed: 7)
    tracker.batch.isDetailed = choice?.needsDetails == true
    var first = Dialogue()
    (first.client, first.server) = (Self.client, Self.here)
    var second = Dialogue()
    (second.client, second.server) = (Self.here, Self.upstream)
    second.client.port = 40_001
    for (var talk, request) in [(first, incoming), (second, outgoing)] {
      talk.open()
      talk.ask("GET \(request.path) HTTP/1.1\r\nHost: \(request.site)\r\n\r\n")
      for packet in talk.packets {
        tracker.process(packet.segment, packet.payload.rawSpan)
        hops.look(at: tracker.batch, from: 0, of: packet.segment, packet.payload.rawSpan) {
          choice?.chooses($0, $1) ?? true
        }
        choice?.apply(to: &tracker.batch)
        tracker.batch.clear()
      }
    }
    return finding.withLock { $0 }
  }

  @Test func `a site that a proxy passes on is found`() throws {
    #expect(try found(("shop.example", "/a/b"), ("shop.example", "/a/b")) == "shop.example")
  }

  @Test func `another site, and another section of the same one, are no second hop`() throws {
    #expect(try found(("shop.example", "/a"), ("api.example", "/a")) == nil)
    #expect(try found(("shop.example", "/a"), ("shop.example", "/health")) == nil)
  }

  @Test func `requests that --only leaves out are no second hop`() throws {
    let request = (site: "shop.example", path: "/a/b")
    #expect(try found(request, request, only: "not site=shop.example") == nil)
    #expect(try found(request, request, only: "path=/api*") == nil)
    #expect(try found(request, request, only: "path=/a/*") == "shop.example")
  }
}
