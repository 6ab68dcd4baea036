// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Foundation
import NIOCore
import Owners
import Statistics
import AlertDelivery
import Testing

@testable import Exporting

@Suite struct ListenerTests {
  /// A listener on a free port of the loopback, gone with its test.
  final class Stand {
    let board = StatePublisher()
    let listener: Listener
    let port: Int

    init(_ change: (inout ListenerLimits) -> Void = { _ in }) throws {
      var limits = ListenerLimits()
      change(&limits)
      let address = try #require(ListenAddress("127.0.0.1:0"))
      listener = try Listener(ListeningSocket(address), board, limits: limits)
      port = try #require(listener.address.port)
    }

    deinit { listener.stop() }

    func post(_ change: (inout PublishedState) -> Void = { _ in }) {
      var published = PublishedStates.sample
      published.history = [Sample(at: published.at, elapsed: PublishedStates.second)]
      change(&published)
      board.post(published)
    }
  }

  @Test func `before the first count there is health and a page, and no numbers`() throws {
    let stand = try Stand()
    #expect(Client.get("/metrics", port: stand.port).hasPrefix("HTTP/1.1 503 "))
    #expect(Client.get("/api/v1/snapshot", port: stand.port).hasPrefix("HTTP/1.1 503 "))
    #expect(Client.get("/api/v1/sites.csv", port: stand.port).hasPrefix("HTTP/1.1 503 "))
    #expect(Client.get("/healthz", port: stand.port).contains("503 Service Unavailable"))
    #expect(Client.get("/", port: stand.port).hasPrefix("HTTP/1.1 200 OK"))
  }

  @Test func `each path has its page, type and protection`() throws {
    let stand = try Stand()
    stand.post()
    let pages = [
      ("/", "text/html; charset=utf-8", "<title>wiretally</title>"),
      ("/live.js", "text/javascript", "EventSource"),
      ("/live.css", "text/css", "prefers-color-scheme"), ("/metrics", "text/plain; version=0.0.4", "# HELP "),
      ("/metrics?x=1", "text/plain; version=0.0.4", "# HELP "), ("/healthz", "text/plain", "ok"),
      ("/api/v1/snapshot", "application/json", "\"type\":\"summary\""),
      ("/api/v1/sites.csv", "text/csv; charset=utf-8; header=present", "site,requests,overcount_max,"),
      ("/api/v1/clients.csv", "text/csv; charset=utf-8; header=present", "client,requests,overcount_max,"),
      (
        "/api/v1/owners.csv", "text/csv; charset=utf-8; header=present",
        "role,process,pid,unit,container,pod,"
      ),
      ("http://localhost/metrics", "text/plain; version=0.0.4", "# HELP "),
    ]
    for (path, type, text) in pages {
      let answer = Client.get(path, port: stand.port)
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(path)")
      #expect(answer.contains("Content-Type: \(type)"), "\(path)")
      #expect(answer.contains(text), "\(path)")
      #expect(answer.contains("Content-Security-Policy: default-src 'none'; script-src 'self'"), "\(path)")
      #expect(answer.contains("X-Content-Type-Options: nosniff"))
      #expect(!answer.contains("Access-Control"))
    }
    let open = Client.get("/metrics", port: stand.port, more: "Accept: application/openmetrics-text\r\n")
    #expect(
      open.contains("Content-Type: application/openmetrics-text; version=1.0.0") && open.hasSuffix("# EOF\n"))
  }

  @Test func `the snapshot says what pages warn of, and how alerts are delivered`() throws {
    let stand = try Stand()
    stand.post {
      $0.notices = ["libpcap is used instead of eBPF: no"]
      $0.deliveries = [DeliveryState(name: "--on-alert", delivered: 3, failed: 1, fault: "exit status 1")]
    }
    let page = Client.get("/api/v1/snapshot", port: stand.port)
    #expect(page.contains(#""warnings":["libpcap is used instead of eBPF: no"]"#))
    #expect(
      page.contains(
        #""deliveries":[{"to":"--on-alert","delivered":3,"failed":1,"dropped":0,"pending":0,"#
          + #""fault":"exit status 1"}]"#))
  }

  @Test func `the snapshot is of its moment, and claims no imbalance while the watch runs`() throws {
    let stand = try Stand()
    stand.post {
      $0.life.start = PublishedStates.start
      $0.life.end = PublishedStates.start + PublishedStates.second
      // Half of what the kernel has matched is still on its way.
      $0.life.capture.matched = 2000
      $0.life.ledger.delivered = 1000
    }
    #expect(stand.board.latest?.published.life.imbalance != nil)
    let page = Client.get("/api/v1/snapshot", port: stand.port)
    #expect(page.contains(#""imbalance":null"#))
    #expect(page.contains(#""end":"2021-02-23T04:07:08.000000Z""#), "\(page)")
  }

  @Test func `the web page has the values of rules in words, with their units`() throws {
    var published = PublishedStates.sample
    var held = AlertStatus(rule: "high-p99", value: 0.771, threshold: 0.5, raised: 0)
    (held.reading, held.heldBack) = ("771.75ms > 500ms", "only 12 of min 20")
    published.alerts.append(held)
    let page = EventPage(published: published, health: Health(published, age: .zero))
    let events = String(decoding: page.render(moments: 1), as: UTF8.self)
    #expect(events.contains(#""reading":"12.50 > 10 per 10s","peak":"14.00","perSecond":1.0"#), "\(events)")
    #expect(events.contains(#""reading":"771.75ms > 500ms","heldBack":"only 12 of min 20""#), "\(events)")
  }

  @Test func `the web page has what the view of one site shows`() throws {
    var published = PublishedStates.sample
    var site = SiteCounts(name: "b.example")
    site.latency.count = 3
    (site.latency.p50, site.latency.p90, site.latency.p99, site.latency.maximum) = (
      1_000_000, 2_000_000, 3_000_000, 4_000_000
    )
    site.sections = (0..<12).map { SectionCounts(name: "/s\($0)", requests: UInt64(20 - $0)) }
    (site.sections[0].successes, site.sections[0].failures) = (15, 3)
    site.sections[0].latency = site.latency
    published.life.sites = [site]
    published.sites.sites[0].outcomes.unanswered.aborted = 7
    let page = EventPage(published: published, health: Health(published, age: .zero))
    let events = String(decoding: page.render(moments: 1), as: UTF8.self)
    let rest = (1..<10).map { #",["/s\#($0)",\#(20 - $0),0,0,null,null]"# }.joined()
    let sections = #"["/s0",20,3,18,0.001,0.003]\#(rest)"#
    #expect(
      events.contains(
        #""aborted":7,"timedOut":0,"unknown":0,"counted":[30,0],"p50":0.001,"p90":0.002,"p99":0.003,"max":0.004,"sections":[\#(sections)]}"#
      ), "\(events)")
  }

  @Test func `the web page shows loss before capture, and the watch is no less healthy for it`() throws {
    let stand = try Stand()
    stand.post {
      $0.notices = ["a notice"]
      ($0.capture.backlogDropped, $0.capture.nicMissed) = (0, 3)
    }
    let published = try #require(stand.board.latest?.published)
    let page = EventPage(published: published, health: Health(published, age: .zero))
    let events = String(decoding: page.render(moments: 1), as: UTF8.self)
    #expect(
      events.contains(#""notices":["a notice","3 packets missed by network cards before capture (eth0)"]"#))
    #expect(Client.get("/healthz", port: stand.port).hasSuffix("ok\n"))
  }

  private static var minute: Snapshot {
    var minute = Snapshot()
    (minute.start, minute.end) = (PublishedStates.start, PublishedStates.start + 50 * PublishedStates.second)
    minute.sites = (0..<22).map { SiteCounts(name: "s\($0).example") }
    for index in minute.sites.indices { minute.sites[index].requests = UInt64(100 - index) }
    minute.sites[0].name = "b.example"
    (minute.sites[0].successes, minute.sites[0].failures) = (90, 4)
    minute.other.requests = 7
    minute.clients = [ClientCounts(high: 0, low: 0xffff_0a00_0001)]
    minute.clients[0].requests = 55
    return minute
  }

  @Test func `the tables of a window are its numbers, and what counts on is there besides`() throws {
    var published = PublishedStates.sample
    published.windows[.minute] = Self.minute
    var page = EventPage(published: published, health: Health(published, age: .zero), window: .minute)
    let events = String(decoding: page.render(moments: 1), as: UTF8.self)
    #expect(events.contains(#""window":"1m""#))
    #expect(
      events.contains(
        #""sites":[{"site":"b.example","pace":2.0,"requests":100,"failures":4,"answered":94,"aborted":0,"timedOut":0,"#
          + #""unknown":0,"counted":[30,0],"sections":[]}"#), "\(events)")
    #expect(events.contains("s19.example") && !events.contains("s20.example"))
    // The two sites that are not shown, and those without a row.
    #expect(events.contains(#""others":\#(80 + 79 + 7)"#), "\(events)")
    #expect(events.contains(#""clients":[{"client":"10.0.0.1","requests":55,"#))
    page.window = .all
    let all = String(decoding: page.render(moments: 1), as: UTF8.self)
    #expect(all.contains(#""window":"all""#) && all.contains(#""requests":30,"failures":0,"answered":30,"#))
    #expect(all.contains(#""counted":[30,0]"#) && all.contains(#""clients":[]"#))
  }

  @Test func `tables of a window come when it has been added up, and are asked for until then`() throws {
    let stand = try Stand()
    stand.post()
    let path = "/api/v1/sites.csv?window=1m"
    let early = Client.get(path, port: stand.port)
    #expect(early.hasPrefix("HTTP/1.1 503 ") && early.contains("Retry-After: 1\r\n"), "\(early)")
    #expect(stand.board.wanted == [.minute])
    stand.post { $0.windows[.minute] = Self.minute }
    let answer = Client.get(path, port: stand.port)
    #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains(#""b.example",100,0,90,4,"#), "\(answer)")
    #expect(Client.get("/api/v1/sites.csv", port: stand.port).contains("b.example") == false)
    #expect(Client.get("/api/v1/clients.csv?window=1m", port: stand.port).contains(#""10.0.0.1",55,"#))
    #expect(Client.get("/api/v1/sites.csv?window=all&x=1", port: stand.port).hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `readers of events have each their window, the first event when its numbers are there`() throws {
    let stand = try Stand()
    stand.post()
    let reader = Client(port: stand.port), other = Client(port: stand.port)
    reader.send("GET /events?window=1m HTTP/1.1\r\nHost: localhost\r\n\r\n")
    other.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(other.receive(until: #""window":"all""#))
    #expect(reader.receive(until: "retry: 2000"))
    #expect(stand.board.wanted == [.minute] && !reader.text.contains("data: "))
    stand.post {
      $0.windows[.minute] = Self.minute
      $0.history = (1...3).map {
        Sample(at: PublishedStates.start + UInt64($0) * PublishedStates.second, elapsed: 1)
      }
    }
    #expect(reader.receive(until: #""window":"1m""#))
    // The first event of a reader has all moments, the other reader's second one has the last.
    #expect(reader.text.contains(#""moments":[["#) && reader.text.contains("],[16"), "\(reader.text)")
    #expect(other.receive(until: #""window":"all""#, times: 2))
  }

  @Test(arguments: [
    ("/events?window=2m", "ask for one of 10s, 1m, 5m, 15m, all"),
    ("/events?window=", "ask for one of 10s"), ("/events?window", "ask for one of 10s"),
    ("/api/v1/sites.csv?window=%3Cscript%3E", "ask for one of 10s"),
    ("/api/v1/sites.csv?window=1m&window=5m", "there are 2 windows"),
    ("/api/v1/snapshot?window=1m", "this path has numbers since the start alone"),
    ("/metrics?window=1m", "this path has numbers since the start alone"),
  ])
  func `a window that is none is refused, and what would be right is named`(
    path: String, text: String
  ) throws {
    let stand = try Stand()
    stand.post()
    let answer = Client.get(path, port: stand.port)
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && answer.contains(text), "\(answer)")
    #expect(!answer.contains("script%3E"))
    #expect(stand.board.wanted.isEmpty)
  }

  @Test func `the page's own address may name a window, which its script reads`() throws {
    let stand = try Stand()
    #expect(Client.get("/?window=whatever", port: stand.port).hasPrefix("HTTP/1.1 200 OK"))
  }

  @Test func `HEAD has the head of GET and nothing else`() throws {
    let stand = try Stand()
    stand.post()
    for path in [
      "/", "/metrics", "/healthz", "/api/v1/snapshot", "/api/v1/sites.csv", "/api/v1/clients.csv",
      "/api/v1/owners.csv", "/api/v1/sections.csv",
    ] {
      let answer = Client.get(path, port: stand.port, method: "HEAD")
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\n"))
      #expect(!answer.contains("Content-Length: 0\r\n") && answer.contains("Content-Length: "))
    }
    #expect(Client.get("/events", port: stand.port, method: "HEAD").hasSuffix("\r\n\r\n"))
  }

  @Test func `other methods and paths get an answer that says what exists`() throws {
    let stand = try Stand()
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"] {
      let answer = Client.get("/metrics", port: stand.port, method: method)
      #expect(answer.hasPrefix("HTTP/1.1 405 ") && answer.contains("Allow: GET, HEAD"), "\(method)")
    }
    for path in ["/metrics/", "/../etc/passwd", "/%6detrics", "/favicon.ico", "*", "//", "/live.html"] {
      #expect(Client.get(path, port: stand.port).hasPrefix("HTTP/1.1 404 "), "\(path)")
    }
  }

  @Test func `a name that is not the loopback's is refused, also as the target's`() throws {
    let stand = try Stand()
    stand.post()
    #expect(Client.get("/metrics", port: stand.port, host: "evil.example").hasPrefix("HTTP/1.1 403 "))
    #expect(Client.get("http://evil.example/metrics", port: stand.port).hasPrefix("HTTP/1.1 403 "))
    #expect(
      Client.get("/events", port: stand.port, host: "evil.example:\(stand.port)").hasPrefix("HTTP/1.1 403 "))
    #expect(Client.get("/metrics", port: stand.port, host: "127.0.0.1:1").hasPrefix("HTTP/1.1 200 "))
    #expect(Client.get("/metrics", port: stand.port, more: "Host: localhost\r\n").hasPrefix("HTTP/1.1 400 "))
    let old = Client(port: stand.port)
    old.send("GET /metrics HTTP/1.0\r\n\r\n")
    old.receive()
    #expect(old.text.hasPrefix("HTTP/1.1 200 "))
    let without = Client(port: stand.port)
    without.send("GET /metrics HTTP/1.1\r\n\r\n")
    #expect(without.receive(until: "400 Bad Request"))
  }

  @Test func `one connection serves many requests, also when they come at once`() throws {
    let stand = try Stand()
    stand.post()
    let client = Client(port: stand.port)
    client.send(String(repeating: "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 5))
    #expect(client.receive(until: "\r\n\r\nok\n", times: 5))
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(client.receive(until: "\r\n\r\nok\n", times: 6))
  }

  @Test func `what is no HTTP is answered with 400 and closed`() throws {
    let stand = try Stand()
    for text in [
      "\r\n\r\nNONSENSE\r\n\r\n", "\u{16}\u{3}\u{1}abc", "GET / HTTP/9.9\r\n\r\n", "GET /\r\n\r\n",
    ] {
      let client = Client(port: stand.port)
      client.send(text)
      client.receive()
      #expect(client.isClosed, "\(text.debugDescription)")
      #expect(client.text.isEmpty || client.text.hasPrefix("HTTP/1.1 400 "))
    }
    let long = Client(port: stand.port)
    long.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
    for _ in 0..<2_000 where long.send("X-Long: \(String(repeating: "x", count: 100))\r\n") {}
    long.receive()
    #expect(long.isClosed)
    let body = Client(port: stand.port)
    body.send("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n")
    for _ in 0..<200 where body.send(String(repeating: "x", count: 4_096)) {}
    body.receive()
    #expect(body.isClosed && !body.text.contains(" 200 "))
  }

  @Test func `a request that does not come to its end is ended`() throws {
    let stand = try Stand {
      $0.requestTime = .milliseconds(300)
      $0.idleTime = .milliseconds(300)
    }
    let silent = Client(port: stand.port), slow = Client(port: stand.port), idle = Client(port: stand.port)
    slow.send("GET /metrics HTTP/1.1\r\nHost: loc")
    idle.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(idle.receive(until: "</html>"))
    for client in [silent, slow, idle] {
      client.receive()
      #expect(client.isClosed)
    }
    stand.post()
    #expect(Client.get("/metrics", port: stand.port).contains("wiretally_listener_expired_total 3"))
  }

  @Test func `one connection too many gets an answer that says so, and there is room again when one leaves`()
    throws
  {
    let stand = try Stand { $0.connections = 3 }
    stand.post()
    var clients = (0..<3).map { _ in Client(port: stand.port) }
    for client in clients {
      client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(client.receive(until: "ok\n"))
    }
    #expect(Client.get("/healthz", port: stand.port).contains("too many connections"))
    clients.removeLast()
    var answer = ""
    for _ in 0..<100 where !answer.contains("200 OK") {
      usleep(50_000)
      answer = Client.get("/metrics", port: stand.port)
    }
    #expect(answer.contains("wiretally_listener_connections 3\n"))
    #expect(answer.contains("wiretally_listener_refused_total 1\n"))
  }

  @Test func `readers of events get everything at first and each published state once`() throws {
    let stand = try Stand { $0.streams = 2 }
    let history = (1...5).map {
      Sample(at: UInt64($0) * PublishedStates.second, elapsed: PublishedStates.second)
    }
    stand.post { $0.history = history }
    let first = Client(port: stand.port), second = Client(port: stand.port)
    for client in [first, second] {
      client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(client.receive(until: "}\n\n"))
      #expect(client.text.contains("Content-Type: text/event-stream"))
      #expect(client.text.contains("\"moments\":[[1,1,0,0,0,0,0,0],[2,"))
    }
    #expect(Client.get("/events", port: stand.port).contains("too many readers of events"))
    stand.post {
      $0.history = history
      $0.sites.sites[0].pace = 12.25
    }
    for client in [first, second] {
      #expect(client.receive(until: "\"pace\":12.25"))
      #expect(client.receive(until: "\"moments\":[[5,1,0,0,0,0,0,0]]"))
    }
  }

  @Test func `an event has the busiest processes of both sides, and none where nobody looks for them`() throws
  {
    var published = PublishedStates.sample
    published.life.owners = nil
    func object() throws -> [String: Any] {
      let page = EventPage(published: published, health: Health(published, age: .zero))
      let text = String(decoding: page.render(moments: 1), as: UTF8.self).dropFirst("data: ".count)
      return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
    #expect(try object()["owners"] == nil)
    published.life.owners = (0..<25).flatMap { number in
      [OwnerCounts.Role.server, .client].map { role in
        let owner = Owner(
          process: number == 0 ? hostileName : "p\(number)", unit: number == 1 ? "u.service" : nil)
        var counts = OwnerCounts(
          role: role, process: number == 2 ? nil : OwnerProcess(owner: owner, process: number == 3 ? 77 : nil)
        )
        (counts.requests, counts.successes, counts.failures) = (9, 6, 2)
        if number == 4 { (counts.latency.count, counts.latency.p99) = (8, 5_000_000) }
        if number == 5 { counts.inFlight = 7 }
        return counts
      }
    }
    let rows = try #require(try object()["owners"] as? [[String: Any]])
    #expect(rows.count == 40 && rows.prefix(20).allSatisfy { $0["role"] as? String == "server" })
    #expect(rows.prefix(3).map { $0["process"] as? String } == [hostileName, "p1", ""])
    #expect(
      rows[1]["where"] as? String == "u.service" && rows[3]["pid"] as? Int == 77 && rows[1]["pid"] == nil)
    #expect(rows[4]["p99"] as? Double == 0.005 && rows[5]["p99"] == nil)
    #expect(rows[4]["inFlight"] as? Int == 0 && rows[5]["inFlight"] as? Int == 7)
    #expect(rows.allSatisfy { $0["answered"] as? Int == 8 && $0["requests"] as? Int == 9 })
  }

  /// What a process may call itself, as it comes off the record.
  private var hostileName: String { #"<script>\x1b[2J\xe2\x80\xae"# }

  @Test func `an event is one line, whatever the names in it`() throws {
    let stand = try Stand()
    let name = "a\r\n\r\ndata: {}\n<script>alert(1)</script>\u{2028}\"\\"
    stand.post {
      $0.sites.sites = [PublishedStates.site(name, 1)]
      $0.notices = [name]
    }
    let client = Client(port: stand.port)
    client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(client.receive(until: "}\n\n"))
    let lines = client.received.split(separator: UInt8(ascii: "\n")).filter { $0.starts(with: "data: ".utf8) }
    #expect(lines.count == 1)
    let object =
      try JSONSerialization.jsonObject(with: Data(try #require(lines.first).dropFirst(6))) as? [String: Any]
    let sites = object?["sites"] as? [[String: Any]]
    #expect(sites?.first?["site"] as? String == name)
  }

  @Test func `a reader of events that takes nothing misses some and is closed`() throws {
    let stand = try Stand {
      $0.waiting = 8 << 10
      $0.answerTime = .milliseconds(500)
    }
    let moments = (1...600).map {
      Sample(at: UInt64($0) * PublishedStates.second, elapsed: PublishedStates.second)
    }
    stand.post { $0.history = moments }
    let slow = Client(port: stand.port, buffer: 4_096)
    slow.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    var metrics = ""
    for _ in 0..<200 where !metrics.contains("expired_total 1") {
      stand.post { published in
        published.notices = (0..<2_000).map { "a long notice, number \($0)" }
        published.history = moments
      }
      usleep(100_000)
      metrics = Client.get("/metrics", port: stand.port)
    }
    #expect(metrics.contains("wiretally_listener_expired_total 1"))
    #expect(metrics.contains("wiretally_listener_connections 1\n"))
  }

  @Test func `a client that asks on and takes no answer is closed`() throws {
    let stand = try Stand { $0.waiting = 8 << 10 }
    let many = (0..<40).map { PublishedStates.site("site\($0)", 1) }
    stand.post { $0.sites.sites = many }
    let greedy = Client(port: stand.port, buffer: 4_096)
    greedy.send(String(repeating: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 400))
    var metrics = ""
    for _ in 0..<100 where !metrics.contains("expired_total 1") {
      usleep(50_000)
      stand.post { $0.sites.sites = many }
      metrics = Client.get("/metrics", port: stand.port)
    }
    #expect(metrics.contains("wiretally_listener_expired_total 1"))
  }

  @Test func `a port in use is reported with a hint`() throws {
    let stand = try Stand()
    let address = try #require(ListenAddress("127.0.0.1:\(stand.port)"))
    let error = #expect(throws: ListenError.self) { try ListeningSocket(address) }
    #expect(error?.message == "cannot listen on 127.0.0.1:\(stand.port): another program listens there")
    #expect(error?.hint?.contains("ss -ltnp") == true)
    let far = try #require(ListenAddress("192.0.2.1:9180"))
    #expect(
      #expect(throws: ListenError.self) { try ListeningSocket(far) }?.hint?.contains("ip address")
        == true)
  }

  @Test func `a path is listened on, taken from nobody, and removed at the end`() throws {
    let path = NSTemporaryDirectory() + "wiretally-\(UUID().uuidString).sock"
    let address = try #require(ListenAddress("unix:" + path))
    let board = StatePublisher()
    let listener = try Listener(ListeningSocket(address), board)
    #expect(throws: ListenError.self) { try ListeningSocket(address) }
    #expect(FileManager.default.fileExists(atPath: path))
    listener.stop()
    #expect(!FileManager.default.fileExists(atPath: path))
    // A file that its program left behind is no obstacle.
    Client.leaveSocket(at: path)
    #expect(FileManager.default.fileExists(atPath: path))
    try Listener(ListeningSocket(address), board).stop()
  }
}
