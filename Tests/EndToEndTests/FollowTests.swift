// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `--follow`: each exchange in a line of its own, as the server's own log has it.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct FollowTests {
  /// Requests with what an access log may trip over; returns how many.
  static func oddTraffic(from client: String, to address: String) -> Int {
    let script = """
      curl -s -o /dev/null -A 'odd "agent" [x]' -e 'http://from.example/?a="b"' 'http://\(address)/a/b?q=1&r=%22#f'
      curl -s -o /dev/null -A '' http://\(address)/a/b
      curl -s -o /dev/null -A 'a\tb' -e 'ü' http://\(address)/echo?x=ä
      curl -s -o /dev/null -0 http://\(address)/a/b
      curl -s -o /dev/null --request-target 'http://abs.example/a/b?y' http://\(address)/
      """
    Network.run(script, in: client)
    return 5
  }

  /// nginx writes an escaped byte's digits in capitals.
  static func lowered(_ log: String) -> String {
    log.replacing(/\\x[0-9A-F]{2}/) { $0.output.lowercased() }
  }

  /// The lines of an access log without their times.
  static func lines(_ log: String) -> [String] {
    lowered(log).split(separator: "\n").map {
      String($0).replacing(/\[[^\]]*\]\ /, with: "", maxReplacements: 1)
    }
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `the combined log is the server's own, line by line`(backend: String) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: name, ["--format", "combined", "--query", "keep", "--backend", backend], threshold: nil)
    let sent =
      LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2")
      + Self.oddTraffic(from: client, to: "[fd77::2]")
    server.waitForLog(sent)
    let ended = monitor.end()
    #expect(ended.status == 0)
    let theirs = Self.lines(server.combinedLog)
    let ours = Self.lines(ended.output)
    #expect(theirs.count == sent)
    #expect(ours == theirs)
    #expect(ended.errors.contains("\(sent) exchanges"), "\(ended.errors)")
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `the combined log of HTTP/2 is the server's own, with the protocol's version`(backend: String) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, isHTTP2: true)
    let monitor = Monitor(
      in: name, ["--format", "combined", "--query", "keep", "--backend", backend], threshold: nil)
    let curl = "curl -s --http2-prior-knowledge -o /dev/null"
    // nginx resets a stream whose body it has not read, after the whole answer; to some curls that is an error (92).
    Network.run(
      """
      \(curl) -A 'odd "agent" [x]' -e 'http://from.example/?a="b"' 'http://10.77.0.2/a/b?q=1&r=%22'
      \(curl) http://[fd77::2]/none; \(curl) http://[fd77::2]/fail; \(curl) http://[fd77::2]/echo?x
      \(curl) -I http://10.77.0.2/a/b; \(curl) -d name=value http://10.77.0.2/made || [ $? = 92 ]
      """, in: client)
    server.waitForLog(6)
    let ended = monitor.end()
    let theirs = Self.lines(server.combinedLog), ours = Self.lines(ended.output)
    #expect(theirs.count == 6 && theirs.allSatisfy { $0.contains(" HTTP/2.0\" ") }, "\(theirs)")
    #expect(ours == theirs)
    #expect(ended.status == 0)
  }

  @Test(.enabled(if: Shell.has("goaccess") && Shell.has("jq"), "needs goaccess and jq"))
  func `GoAccess tells the same of our log and of the server's`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--follow", "--format", "combined", "--query", "keep"], threshold: nil)
    var sent = 0
    for _ in 0..<3 { sent += LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2") }
    sent += Self.oddTraffic(from: client, to: "[fd77::2]")
    server.waitForLog(sent)
    let ours = try Report(monitor.end().output), theirs = try Report(Self.lowered(server.combinedLog))
    #expect(ours.general["valid_requests"] == sent)
    #expect(ours.general["failed_requests"] == 0)
    #expect(ours.general == theirs.general)
    #expect(ours.panels.count > 5)
    for (panel, rows) in theirs.panels { #expect(ours.panels[panel] == rows, "\(panel)") }
  }

  @Test(
    .enabled(if: Shell.has("goaccess"), "needs goaccess"),
    arguments: [
      #""%v:%^ %h %^[%d:%t %^] \"%r\" %s %b \"%R\" \"%u\" %D" --date-format=%d/%b/%Y --time-format=%T"#,
      "VCOMBINED",
    ])
  func `GoAccess reads the virtual hosts and the times of our log`(format: String) throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--format", "vcombined"], threshold: nil)
    let sent = Self.oddTraffic(from: client, to: "[fd77::2]")
    Network.run("curl -s -o /dev/null -H 'Host: shop.example' http://10.77.0.2/a/b", in: client)
    Network.run("curl -s -o /dev/null -H 'Host: shop.example' http://10.77.0.2/a/b", in: client)
    server.waitForLog(sent + 2)
    let log = monitor.end().output
    #expect(log.split(separator: "\n").count == sent + 2)
    let micros = log.split(separator: "\n").filter { $0.hasPrefix("shop.example:80 10.77.0.1 ") }
      .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
    #expect(micros.count == 2 && micros.allSatisfy { (1..<60_000_000).contains($0) }, "\(micros)")
    let report = try Report(log, format: format)
    #expect(report.general["valid_requests"] == sent + 2)
    #expect(report.general["failed_requests"] == 0)
    #expect(
      report.panels["vhosts"]?.contains { $0.hasPrefix(" shop.example 2 ") } == true, "\(report.panels)")
    // With the predefined format GoAccess leaves the time out.
    #expect(report.times["shop.example"] == (format == "VCOMBINED" ? nil : micros.max()))
    server.stop()
  }

  @Test func `lines come at once, with the request and its answer`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--follow", "--format", "json"], threshold: nil)
    Network.run("curl -s -o /dev/null -H 'Host: Shop.example' http://10.77.0.2/a/b?q", in: client)
    // While it runs: nothing waits for an interval, a full buffer or the end.
    #expect(monitor.waits(for: #""target":"/a/b?*""#))
    let line = try #require(monitor.output.split(separator: "\n").first)
    let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(record["outcome"] as? String == "answered")
    #expect(record["client"] as? String == "10.77.0.1")
    #expect(record["server"] as? String == "10.77.0.2")
    #expect(record["serverPort"] as? Int == 80)
    #expect(record["site"] as? String == "shop.example")
    #expect(record["method"] as? String == "GET")
    #expect(record["status"] as? Int == 200)
    #expect(record["bytes"] as? Int == 3_000)
    #expect((record["userAgent"] as? String)?.hasPrefix("curl/") == true)
    #expect((record["latency"] as? Double ?? 0) > 0)
    server.waitForLog(1)
    #expect(monitor.end().status == 0)
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `clients that close before the answer are lines while their server still waits, as many as its 499s`(
    backend: String
  ) {
    let network = Network()
    let (client, name) = network.pair()
    let upstream = SilentServer(in: name)
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--follow", "--backend", backend], threshold: nil)
    // Their client gives up after two seconds.
    Network.run("for n in 1 2; do curl -s -m 2 http://10.77.0.2/hang/curl || [ $? = 28 ]; done", in: client)
    for kind in ["fin", "rst"] { Network.run("python3 \(SilentServer.script) \(kind) 10.77.0.2", in: client) }
    server.waitForLog(14)
    let text = " (client closed)"
    for _ in 0..<400 where monitor.output.components(separatedBy: text).count < 9 { usleep(50_000) }
    let ended = monitor.end()
    #expect(server.count(\.status) == ["499": 8, "200": 6])
    #expect(ended.output.components(separatedBy: text).count == 9, "\(ended.output)")
    #expect(ended.status == 0)
    upstream.stop()
  }

  @Test func `with a threshold, alerts are lines among the exchanges`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["-t", "0", "--follow", "--format", "json", "--interval", "1s"])
    Network.run("curl -s -o /dev/null http://10.77.0.2/echo", in: client)
    server.waitForLog(1)
    #expect(monitor.waits(for: #""state":"raised""#))
    #expect(JSONDocumentTests.check(monitor.end().output) == ["exchange", "alert"])
  }

  @Test func `a reader that goes away ends it, as a normal end`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let pipe = Pipe()
    let monitor = Monitor(
      in: name, ["--format", "common"], threshold: nil,
      output: .descriptor(pipe.fileHandleForWriting.fileDescriptor))
    Network.run("curl -s -o /dev/null http://10.77.0.2/echo", in: client)
    let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    #expect(line.hasSuffix("200 2\n"))
    pipe.fileHandleForReading.closeFile()
    for _ in 0..<600 where monitor.isRunning {
      Network.run("curl -s -o /dev/null http://10.77.0.2/echo", in: client)
      usleep(50_000)
    }
    #expect(monitor.wait().status == 0)
    server.stop()
  }

  @Test(.enabled(if: Machine.hasLoad, "needs wrk"))
  func `a reader that does not read delays nothing, and what it missed is reported`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    // Nobody reads from it.
    let pipe = Pipe()
    let monitor = Monitor(
      in: name, ["--follow"], output: .descriptor(pipe.fileHandleForWriting.fileDescriptor))
    // More than the pipe, the buffer and the queue hold together.
    for _ in 0..<30 where !monitor.errors.contains("exchanges dropped") {
      Network.run("wrk -t1 -c8 -d1s http://10.77.0.2/echo", in: client)
    }
    #expect(monitor.errors.contains("exchanges dropped"))
    let errors = monitor.end(SIGTERM).errors
    #expect(errors.contains("dropped (output too slow)"), "\(errors)")
    #expect(errors.contains("not written (output closed or too slow)"), "\(errors)")
    pipe.fileHandleForReading.closeFile()
    server.stop()
  }
}

/// What GoAccess makes of a log.
private struct Report {
  var general: [String: Int] = [:]
  /// The rows of each panel that does not depend on the moment: name, hits, bytes.
  var panels: [String: [String]] = [:]

  /// The longest time of each virtual host, in microseconds, where the log has times.
  var times: [String: Int] = [:]

  init(_ log: String, format: String = "COMBINED") throws {
    let folder = Folder()
    _ = FileManager.default.createFile(atPath: folder.file("log"), contents: Data(log.utf8))
    let ran = Shell.run(
      "goaccess \(folder.file("log")) --log-format=\(format) --no-global-config -o \(folder.file("out.json"))"
    )
    #expect(ran.status == 0, "\(ran.errors)\(ran.output)")
    let data = try #require(FileManager.default.contents(atPath: folder.file("out.json")))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    for (name, value) in object["general"] as? [String: Any] ?? [:] {
      // Times of GoAccess's own, and what depends on the width of a time stamp.
      if ["generation_time", "log_size", "date_time", "start_date", "end_date"].contains(name) { continue }
      if let value = value as? Int { general[name] = value }
    }
    for (name, value) in object where !["general", "visitors", "visit_time"].contains(name) {
      let rows = (value as? [String: Any])?["data"] as? [[String: Any]] ?? []
      panels[name] = rows.map { row in
        "\(row["method"] ?? "") \(row["data"] ?? "") \(Self.count(row, "hits")) \(Self.count(row, "bytes"))"
      }.sorted()
      for row in rows where name == "vhosts" {
        times[row["data"] as? String ?? ""] =
          (row["maxts"] as? Int) ?? (row["maxts"] as? String).flatMap { Int($0) }
      }
    }
  }

  private static func count(_ row: [String: Any], _ name: String) -> Int {
    (row[name] as? [String: Any])?["count"] as? Int ?? -1
  }
}
