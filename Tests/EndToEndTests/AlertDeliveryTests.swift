// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Alerts that reach people: the operator's command, the log on a bad day, and a real Alertmanager.
@Suite(.serialized) struct AlertDeliveryTests {
  /// A rule that every capture file raises, and that recovers never.
  static let rule = "--alert 'requests < 1000/s over 10s'"

  private struct Delivery: Decodable {
    var to: String
    var delivered: Int
    var failed: Int
    var dropped: Int
    var pending: Int
    var fault: String?
  }
  private struct Line: Decodable {
    var type: String
    var deliveries: [Delivery]?
  }

  @Test(arguments: [
    ("true", nil), ("exit 3", "exit status 3"), ("echo broken >&2; exit 1", "exit status 1: broken"),
    ("/nowhere/hook", "command not found"), ("kill -9 $$", "was killed by signal 9"),
    ("sleep 600", "timed out after 1s"), ("yes", "timed out after 1s: y"),
    ("head -c 3000000 /dev/zero; exit 2", "exit status 2"),
  ])
  func `what becomes of the command is reported, and never ends the program`(command: String, fault: String?)
    throws
  {
    let ran = Shell.run(
      "\(Machine.program) read --format json --alert-log /dev/null \(Self.rule) --on-alert-timeout 1s "
        + "--on-alert '\(command)' \(JSONDocumentTests.capture)")
    #expect(ran.status == 0, "\(ran.errors)")
    let lines = ran.output.split(separator: "\n").compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    let last = try #require(lines.last)
    let delivery = try #require(last.deliveries?.first)
    #expect(last.type == "summary" && delivery.to == "--on-alert" && delivery.pending == 0)
    #expect(delivery.delivered == (fault == nil ? 1 : 0) && delivery.failed == (fault == nil ? 0 : 1))
    if let fault {
      #expect(delivery.fault?.hasPrefix(fault) == true, "\(delivery)")
      #expect(ran.errors.contains("wiretally: --on-alert: \(fault)"), "\(ran.errors)")
    } else {
      #expect(delivery.fault == nil && ran.errors.isEmpty, "\(ran.errors)")
    }
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `hostile names reach the command as values, never as commands`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    let monitor = Monitor(
      in: name,
      [
        "-t", "0", "--interval", "1s", "--alert-window", "1s", "--on-alert",
        "printf '%s|%s\\n' \"$WIRETALLY_STATE\" \"$WIRETALLY_TOP_SITE\" >> \(folder.file("received")); cat >> \(folder.file("json"))",
      ])
    let host = "$(touch${IFS}\(folder.file("owned")));`id`|x\"'"
    let request = Data("GET / HTTP/1.0\r\nHost: \(host)\r\n\r\n".utf8)
    _ = FileManager.default.createFile(atPath: folder.file("request"), contents: request)
    Network.run(
      "bash -c 'exec 3<>/dev/tcp/10.77.0.2/80; cat \(folder.file("request")) >&3; cat <&3 >/dev/null'",
      in: client)
    #expect(monitor.waits(for: "High traffic alert recovered at: "))
    #expect(Shell.waits(for: "recovered|", in: folder.file("received")))
    monitor.end()
    let received = Shell.read(folder.file("received")).split(separator: "\n")
    #expect(received.first == "raised|\(host.lowercased())", "\(received)")
    #expect(received.last?.hasPrefix("recovered|") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.file("owned")))
    for line in Shell.read(folder.file("json")).split(separator: "\n") {
      #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
    }
    server.stop()
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `a command that hangs delays neither pages nor the end for long`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    let monitor = Monitor(
      in: name,
      [
        "-t", "0", "--interval", "200ms", "--alert-window", "200ms", "--format", "json", "--on-alert-timeout",
        "1h",
        "--on-alert", "echo $$ > \(folder.file("pid")); exec sleep 3600",
      ])
    Network.run("curl -s -o /dev/null http://10.77.0.2/", in: client)
    #expect(monitor.waits(for: #""state":"recovered""#))
    let lines = monitor.output.count { $0 == "\n" }
    // Ten further intervals come while the first command hangs and the second one waits.
    for _ in 0..<400 where monitor.output.count(where: { $0 == "\n" }) < lines + 10 { usleep(50_000) }
    #expect(monitor.output.count { $0 == "\n" } >= lines + 10)
    #expect(monitor.output.contains(#""failed":0,"dropped":0,"pending":2,"fault":null"#))
    kill(monitor.identifier, SIGINT)
    #expect(monitor.waitsForErrors("still delivering alerts; press Ctrl-C again to quit now"))
    let ran = monitor.end()
    #expect(ran.status == 0)
    #expect(ran.output.contains(#""type":"summary""#))
    // The command is left to its own timeout; here it goes with the test.
    if let pid = Int32(Shell.read(folder.file("pid")).trimmingCharacters(in: .whitespacesAndNewlines)) {
      kill(pid, SIGKILL)
    }
    server.stop()
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `a full disk is a warning on the page, and the lines follow when there is room`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    let disk = folder.file("disk")
    Shell.run("mkdir \(disk) && mount -t tmpfs -o size=64k,mode=1777 none \(disk)")
    defer { Shell.run("umount -l \(disk)") }
    let log = disk + "/alerts.log"
    let monitor = Monitor(
      in: name, ["-t", "0", "--interval", "500ms", "--alert-window", "500ms", "--alert-log", log])
    Shell.run("cat /dev/zero > \(disk)/filler", mayFail: "it ends when the disk is full")
    Network.run("curl -s -o /dev/null http://10.77.0.2/", in: client)
    #expect(monitor.waits(for: "High traffic alert recovered at: "))
    #expect(
      monitor.waits(for: "Warning: cannot write the alert log \(log): no space left on device; 2 lines wait"),
      "\(monitor.output)")
    Shell.run("rm \(disk)/filler")
    #expect(Shell.waits(for: "RECOVERED", in: log))
    let lines = Shell.read(log).split(separator: "\n")
    #expect(lines.count == 2 && lines.first?.contains(" ALERT raised: ") == true, "\(lines)")
    let page = monitor.output.components(separatedBy: "Most visited").count
    #expect(page > 1)
    let ran = monitor.end()
    #expect(ran.status == 0)
    #expect(!ran.output.hasSuffix("lines wait\n"))
    server.stop()
  }

  @Test(
    .enabled(
      if: Machine.hasServers && Shell.has("/usr/sbin/logrotate"),
      "needs root, network namespaces, nginx, curl and logrotate"))
  func `logrotate and SIGHUP lose no line`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    let log = folder.file("alerts.log")
    let monitor = Monitor(
      in: name, ["-t", "0", "--interval", "500ms", "--alert-window", "500ms", "--alert-log", log])
    try """
    \(log) {
      rotate 4
      create 0640 nobody nogroup
      postrotate
        kill -HUP \(monitor.identifier)
      endscript
    }
    """.write(toFile: folder.file("rotate.conf"), atomically: true, encoding: .utf8)
    for turn in 1...3 {
      Network.run("curl -s -o /dev/null http://10.77.0.2/", in: client)
      #expect(Shell.waits(for: "RECOVERED", in: log))
      let ran = Shell.run("/usr/sbin/logrotate -f -s \(folder.file("state")) \(folder.file("rotate.conf"))")
      #expect(ran.status == 0, "\(ran.errors)")
      #expect(Shell.read(log).isEmpty, "turn \(turn)")
    }
    let ran = monitor.end()
    for number in 1...3 {
      let lines = Shell.read("\(log).\(number)").split(separator: "\n")
      #expect(lines.count == 2, "\(number): \(lines)")
      #expect(lines.first?.contains("ALERT raised") == true && lines.last?.contains("RECOVERED") == true)
    }
    #expect(!ran.output.contains("cannot write the alert log"))
    server.stop()
  }

  @Test(
    .enabled(
      if: Machine.hasServers && Shell.has("prometheus-alertmanager"),
      "needs root, network namespaces, nginx, curl and prometheus-alertmanager"))
  func `an alert fires through a real Alertmanager into a webhook, and resolves`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    // The namespace is the test's own, and so are its ports.
    let monitor = Monitor(
      in: name,
      [
        "-i", "eth0", "--interval", "1s", "--alertmanager", "http://127.0.0.1:9093", "--alert",
        "requests > 0 over 1s name=busy site=shop.example severity=page",
      ])
    Network.run("curl -s -o /dev/null -H 'Host: shop.example' http://10.77.0.2/a/b", in: client)
    // Nobody listens yet: that is reported, and tried again.
    #expect(
      monitor.waits(for: "Warning: --alertmanager http://127.0.0.1:9093: connection refused"),
      "\(monitor.output)")
    try """
    route: {receiver: hook, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
    receivers:
    - name: hook
      webhook_configs: [{url: 'http://127.0.0.1:9094/', send_resolved: true}]
    """.write(toFile: folder.file("am.yml"), atomically: true, encoding: .utf8)
    let webhook = Self.background(
      "\(Stage.python) \(URL(fileURLWithPath: Stage.script).deletingLastPathComponent().path)/webhook.py 9094 \(folder.file("received"))",
      in: name)
    let alertmanager = Self.background(
      "prometheus-alertmanager --config.file=\(folder.file("am.yml")) --storage.path=\(folder.file("am")) "
        + "--web.listen-address=127.0.0.1:9093 --cluster.listen-address= --log.level=error", in: name)
    defer { for process in [webhook, alertmanager] { process.send(SIGTERM) } }
    func received(_ status: String, _ attempts: Int) -> [String: Any]? {
      for _ in 0..<attempts {
        for line in Shell.read(folder.file("received")).split(separator: "\n") {
          let object = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
          for alert in object?["alerts"] as? [[String: Any]] ?? [] where alert["status"] as? String == status
          {
            return alert
          }
        }
        // One request a second keeps the alert up until it has been delivered.
        if status == "firing" {
          Network.run("curl -s -o /dev/null -H 'Host: shop.example' http://10.77.0.2/a/b", in: client)
        }
        usleep(250_000)
      }
      return nil
    }
    let firing = try #require(received("firing", 240), "\(monitor.errors)")
    let labels = try #require(firing["labels"] as? [String: String])
    #expect(labels["alertname"] == "busy" && labels["site"] == "shop.example" && labels["severity"] == "page")
    #expect(labels["interface"] == "eth0" && labels["instance"]?.isEmpty == false && labels.count == 5)
    let annotations = try #require(firing["annotations"] as? [String: String])
    #expect(
      annotations["summary"]?.hasPrefix("High traffic for shop.example (busy) generated an alert - hits = ")
        == true)
    #expect(annotations["top_site"] == "shop.example" && annotations["threshold"] == "0")
    let resolved = try #require(received("resolved", 480), "\(monitor.errors)")
    #expect(resolved["labels"] as? [String: String] == labels)
    #expect(monitor.waitsForErrors("--alertmanager http://127.0.0.1:9093: works again"))
    let ran = monitor.end()
    #expect(ran.status == 0)
    server.stop()
  }

  @Test(
    .enabled(
      if: Machine.hasServers && Shell.has("prometheus-alertmanager") && Shell.has("htpasswd"),
      "needs root, network namespaces, nginx, curl, openssl, prometheus-alertmanager and htpasswd"))
  func `an Alertmanager behind https takes alerts with its authority and credentials alone`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    try Self.prepareSecureAlertmanager(in: folder)
    let alertmanager = Self.background(
      "prometheus-alertmanager --config.file=\(folder.file("am.yml")) --storage.path=\(folder.file("am")) "
        + "--web.config.file=\(folder.file("web.yml")) --web.listen-address=127.0.0.1:9093 "
        + "--cluster.listen-address= --log.level=error", in: name)
    defer { alertmanager.send(SIGTERM) }
    #expect(
      Self.waits(
        for: "curl -s --cacert \(folder.file("ca.pem")) -u ops:swordfish https://localhost:9093/-/ready",
        in: name))
    // The alert stays up for as long as its window: Alertmanager lists none that is over.
    func warning(_ url: String, _ options: [String]) -> (monitor: Monitor, name: String) {
      let monitor = Monitor(
        in: name,
        ["-i", "eth0", "-t", "0", "--interval", "200ms", "--alert-window", "10m", "--alertmanager", url]
          + options)
      Network.run("curl -s -o /dev/null http://10.77.0.2/", in: client)
      return (monitor, "Warning: --alertmanager \(url): ")
    }
    let authority = ["--alertmanager-ca", folder.file("ca.pem")]
    for (url, options, fault) in [
      (
        "https://localhost:9093", ["--alertmanager-auth", folder.file("right")],
        "its certificate is not of a trusted"
      ),
      ("https://127.0.0.1:9093", authority, "its certificate is not for 127.0.0.1"),
      ("https://localhost:9093", authority, "it answered 401: Unauthorized"),
      (
        "https://localhost:9093", authority + ["--alertmanager-auth", folder.file("wrong")],
        "it answered 401: Unauthorized"
      ),
    ] {
      let (monitor, warning) = warning(url, options)
      #expect(monitor.waits(for: warning + fault), "\(monitor.output)")
      let ran = monitor.end()
      #expect(!(ran.output + ran.errors).contains("swordfish"))
    }
    let (monitor, _) = warning(
      "https://localhost:9093", authority + ["--alertmanager-auth", folder.file("right")])
    #expect(
      Self.waits(
        for:
          "curl -s --cacert \(folder.file("ca.pem")) -u ops:swordfish https://localhost:9093/api/v2/alerts "
          + "| grep -q high-traffic", in: name), "\(monitor.output)")
    let ran = monitor.end()
    #expect(ran.status == 0 && !ran.output.contains("Warning: --alertmanager"), "\(ran.output)")
    server.stop()
  }

  /// An authority, a certificate for localhost, a user with a password, and files of right and wrong credentials.
  private static func prepareSecureAlertmanager(in folder: Folder) throws {
    let made = Shell.run(
      """
      cd \(folder.path) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=authority -keyout ca.key -out ca.pem 2>errors &&
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout key.pem \
        -out request.pem 2>>errors && printf 'subjectAltName=DNS:localhost' >names &&
      openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
        -out cert.pem 2>>errors &&
      printf 'Basic ops:swordfish\\n' >right && printf 'Basic ops:herring\\n' >wrong &&
      printf 'tls_server_config: {cert_file: cert.pem, key_file: key.pem}\\nbasic_auth_users: {ops: %s}\\n' \
        "$(htpasswd -nbBC 4 ops swordfish | cut -d: -f2)" >web.yml &&
      printf 'route: {receiver: none}\\nreceivers: [{name: none}]\\n' >am.yml
      """)
    #expect(made.status == 0, "\(made.errors) \(Shell.read(folder.file("errors")))")
  }

  /// Whether a command succeeds in a namespace within a minute.
  private static func waits(for command: String, in name: String) -> Bool {
    for _ in 0..<600 {
      if Network.attempt(command, in: name).status == 0 { return true }
      usleep(100_000)
    }
    return false
  }

  /// A process in a namespace that a test ends.
  private static func background(_ command: String, in name: String) -> ChildProcess {
    ChildProcess(["/bin/sh", "-c", "exec ip netns exec \(name) \(command)"])
  }
}
