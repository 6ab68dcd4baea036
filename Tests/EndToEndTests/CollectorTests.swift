// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A watch that posts to a collector, against a server that keeps what it is sent.
@Suite(.serialized) struct CollectorTests {
  /// The value of the last point of a metric with these attributes, in what the collector was sent.
  private func last(_ name: String, _ attributes: [String: String], in posts: [[String: Any]]) -> String? {
    var value: String?
    for post in posts {
      let resources = post["resourceMetrics"] as? [[String: Any]] ?? []
      let scopes = resources.flatMap { $0["scopeMetrics"] as? [[String: Any]] ?? [] }
      for metric in scopes.flatMap({ $0["metrics"] as? [[String: Any]] ?? [] })
      where metric["name"] as? String == name {
        for point in (metric["sum"] as? [String: Any])?["dataPoints"] as? [[String: Any]] ?? [] {
          let found = (point["attributes"] as? [[String: Any]] ?? []).map {
            ($0["key"] as? String ?? "", ($0["value"] as? [String: Any])?["stringValue"] as? String ?? "")
          }
          if Dictionary(uniqueKeysWithValues: found) == attributes { value = point["asInt"] as? String }
        }
      }
    }
    return value
  }

  private func posts(_ path: String) -> [[String: Any]] {
    Shell.read(path).split(separator: "\n").compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
    }
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `what a collector has at the end is what was seen, and each alert is a record`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    let script = JSONDocumentTests.root + "/Tests/EndToEndTests/Scripts/webhook.py"
    let monitor = Monitor(
      in: name,
      [
        "-i", "eth0", "--interval", "1s", "--otlp", "http://127.0.0.1:4318", "--alert",
        "requests > 0 over 1s name=busy site=shop.example",
      ])
    // Nobody listens yet: that is reported once all tries are over, and later numbers arrive.
    #expect(monitor.waitsForErrors("--otlp http://127.0.0.1:4318: connection refused"))
    let collector = ChildProcess(
      ["ip", "netns", "exec", name, Stage.python, script, "4318", folder.file("posts")])
    #expect(monitor.waitsForErrors("--otlp http://127.0.0.1:4318: works again"))
    for _ in 0..<7 {
      Network.run("curl -s -o /dev/null -H 'Host: shop.example' http://10.77.0.2/a/b", in: client)
    }
    #expect(monitor.waits(for: "recovered at: "))
    let ran = monitor.end()
    #expect(ran.status == 0)
    collector.send(SIGTERM)
    _ = collector.wait(seconds: 10)
    let posts = posts(folder.file("posts"))
    #expect(last("wiretally.http.requests", ["http.request.method": "GET"], in: posts) == "7")
    #expect(last("wiretally.site.requests", ["server.address": "shop.example"], in: posts) == "7")
    for (family, key, value) in [
      ("method.requests", "http.request.method", "GET"),
      ("protocol.requests", "network.protocol.version", "1.1"),
      ("responses", "http.response.status_class", "2xx"),
    ] {
      let attributes = ["server.address": "shop.example", key: value]
      #expect(last("wiretally.site.\(family)", attributes, in: posts) == "7", "\(family)")
    }
    let logs = posts.flatMap { $0["resourceLogs"] as? [[String: Any]] ?? [] }
      .flatMap { $0["scopeLogs"] as? [[String: Any]] ?? [] }.flatMap {
        $0["logRecords"] as? [[String: Any]] ?? []
      }
    #expect(logs.count >= 2 && logs.first?["severityText"] as? String == "WARN")
    #expect(logs.last?["severityText"] as? String == "INFO")
    server.stop()
  }
}
