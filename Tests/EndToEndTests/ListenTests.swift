// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `--listen`, asked by curl.
@Suite(.enabled(if: Machine.hasServers, "needs root, ip netns, nginx, curl"))
struct ListenTests {
  /// What curl prints for a path of the listener, its status on the last line.
  private func get(_ path: String, in name: String, _ options: String = "") -> (status: String, body: String)
  {
    let lines = Network.attempt(
      "curl -s -m 10 -w '\\n%{http_code}' \(options) http://127.0.0.1:9180\(path)", in: name
    ).output.split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.last.map(String.init) ?? "", lines.dropLast().joined(separator: "\n"))
  }

  /// Waits until the metrics have a line.
  private func waits(for line: String, in name: String) -> String {
    var page = ""
    for _ in 0..<100 {
      page = get("/metrics", in: name).body
      if page.split(separator: "\n").contains(Substring(line)) { break }
      usleep(100_000)
    }
    return page
  }

  @Test func `traffic is on the pages, reading them is not, and the ledger balances`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: name, ["-t", "1", "--interval", "500ms", "--alert-window", "500ms", "--listen", "127.0.0.1:9180"])
    #expect(monitor.waitsForErrors("serving metrics and a live page on 127.0.0.1:9180"), "\(monitor.errors)")
    for (host, path, count) in [("a.example", "/a/b", 7), ("b.example", "/fail", 3)] {
      Network.run(
        "for i in $(seq \(count)); do curl -s -o /dev/null -H Host:\(host) http://10.77.0.2\(path); done",
        in: client)
    }
    let page = waits(for: "wiretally_http_exchanges_total 10", in: name)
    for line in [
      "wiretally_http_requests_total{http_request_method=\"GET\"} 10",
      "wiretally_http_responses_total{http_response_status_code=\"503\"} 3",
      "wiretally_site_requests_total{site=\"a.example\"} 7",
      "wiretally_site_requests_total{site=\"b.example\"} 3",
      "wiretally_site_requests_total{site=\"_OTHER\"} 0",
      "wiretally_site_undercount_max{site=\"a.example\"} 0",
      "wiretally_site_exchanges_total{site=\"b.example\",outcome=\"failure\"} 3",
      "http_server_request_duration_seconds_count{url_scheme=\"http\"} 10", "wiretally_capture_lost_total 0",
      "wiretally_capture_segments_total{class=\"head_segments\"} 20",
      "wiretally_capture_interface_up 1",
    ] { #expect(page.contains(line + "\n"), "\(line)") }
    #expect(page.contains("wiretally_alerts_raised_total{alert=\"high-traffic\"} "))
    #expect(page.contains("wiretally_capture_ring_bytes{worker=\"0\"} "))
    #expect(get("/healthz", in: name) == ("200", "ok\n"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(get("/api/v1/snapshot", in: name).body.utf8))
        as? [String: Any])
    #expect(json["type"] as? String == "summary" && json["requests"] as? Int == 10)
    let events = Network.attempt("curl -s -N -m 3 http://127.0.0.1:9180/events", in: name).output
    #expect(events.components(separatedBy: "data: {").count > 2)
    // What nobody has asked for is added up within a second, and the answer says when to come again.
    let sections = get("/api/v1/sections.csv?window=1m", in: name, "--retry 3").body
    #expect(
      sections.contains(#""a.example","/a",7,7,0,"#) && sections.contains(#""b.example","/fail",3,0,3,"#),
      "\(sections)")
    let minute = Network.attempt("curl -s -N -m 3 'http://127.0.0.1:9180/events?window=1m'", in: name).output
    #expect(
      minute.contains(#""window":"1m""#) && minute.contains(#"["/fail",3,3,3,0."#), "\(minute.suffix(2_000))")
    #expect(get("/events?window=1h", in: name).status == "400")
    #expect(get("/metrics", in: name, "-H Host:evil.example").status == "403")
    let ran = monitor.end()
    #expect(ran.status == 0 && ran.output.contains("Total Requests: 10"))
    server.stop()
  }

  @Test func `a listener whose port is watched says that it counts itself`() {
    let network = Network()
    let name = network.add("e")
    let monitor = Monitor(in: name, ["--port", "80,9180", "--listen", "9180"])
    #expect(monitor.waitsForErrors("port 9180 is watched, too"))
    let page = waits(for: "wiretally_site_requests_total{site=\"127.0.0.1\"} 1", in: name)
    #expect(page.contains("wiretally_site_requests_total{site=\"127.0.0.1\"} "))
    monitor.end()
  }

  @Test func `a taken port is an error with its hint, and IPv6 and a path are served`() {
    let network = Network()
    let name = network.add("e")
    let folder = Folder()
    let first = Monitor(in: name, ["--listen", "[::1]:9180"])
    #expect(first.waitsForErrors("on [::1]:9180"))
    let ran = Network.attempt(
      "\(Machine.program) -t 1 --alert-log /dev/null --listen [::1]:9180 --duration 5s", in: name)
    #expect(ran.status == 70 && ran.errors.contains("another program listens there"))
    #expect(ran.errors.contains("hint: another port"))
    #expect(Network.run("curl -s -g http://[::1]:9180/healthz", in: name).output.hasSuffix("\n"))
    first.end()
    let path = folder.file("wiretally.sock")
    let second = Monitor(in: name, ["--listen", "unix:\(path)"])
    #expect(second.waitsForErrors("on unix:"))
    #expect(Shell.run("curl -s --unix-socket \(path) http://localhost/").output.contains("<title>wiretally"))
    second.end()
    for address in ["example.org:80", "127.0.0.1:99999", ":1", "unix:"] {
      #expect(Shell.attempt("\(Machine.program) -t 1 --listen '\(address)'").status == 64, "\(address)")
    }
  }
}
