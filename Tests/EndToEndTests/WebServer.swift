// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// nginx in a namespace, with an access log of its own: the independent count.
final class WebServer {
  struct Entry: Hashable {
    var site: String
    var method: String
    var status: String
    var target: String
  }

  private let folder = Folder()
  private let process: ChildProcess

  /// Starts it on the ports given, and waits until it listens.
  ///
  /// - Parameters:
  ///   - address: the one that it listens on; nil for all.
  ///   - isHTTP2: it speaks HTTP/2 alone.
  ///   - takesProxyHeader: each connection begins with a header of the PROXY protocol.
  ///   - isTLS: it speaks TLS, and in it HTTP/1 or HTTP/2, as clients wish.
  ///   - through: a command that runs it.
  init(
    in name: String, address: String? = nil, ports: [Int] = [80], isHTTP2: Bool = false, isTLS: Bool = false,
    through: [String] = [], takesProxyHeader: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let kind = isTLS ? " ssl http2" : isHTTP2 ? " http2" : takesProxyHeader ? " proxy_protocol" : ""
    let (key, certificate) = (folder.file("key.pem"), folder.file("certificate.pem"))
    let keys =
      isTLS
      ? "ssl_certificate \(certificate); ssl_certificate_key \(key); ssl_protocols TLSv1.2 TLSv1.3;" : ""
    if isTLS { folder.makeCertificate() }
    let listens = ports.map { port in
      address.map { "listen \($0):\(port)\(kind);" } ?? "listen \(port)\(kind); listen [::]:\(port)\(kind);"
    }.joined(separator: " ")
    let www = folder.file("www")
    Shell.run("mkdir -p \(www)/a")
    folder.write("hello\n", to: "www/index.html")
    _ = FileManager.default.createFile(atPath: www + "/a/b", contents: Data(repeating: 0x61, count: 3_000))
    _ = FileManager.default.createFile(
      atPath: www + "/big", contents: Data(repeating: 0x62, count: 4_000_000))
    let conf = """
      worker_processes 1; user root; daemon off; error_log \(folder.file("error.log")); pid \(folder.file("pid"));
      events { worker_connections 1024; }
      http {
        log_format tally '$http_host|$request_method|$status|$uri';
        access_log \(folder.file("combined.log")) combined; access_log \(folder.file("access.log")) tally; client_body_temp_path \(folder.file("body"));
        large_client_header_buffers 8 128k; client_max_body_size 50m; keepalive_requests 1000000;
        \(keys)
        server {
          \(listens) root \(www);
          location /echo { return 200 ok; }
          location /made { return 201; }
          location /none { return 204; }
          location /move { return 301 /a/b; }
          location /fail { return 503; }
          location /forbid { return 403; }
          location /hang { proxy_pass http://127.0.0.1:8009; }
        }
      }
      """
    folder.write(conf, to: "nginx.conf")
    folder.write("", to: "access.log")
    process = ChildProcess(
      ["ip", "netns", "exec", name] + through + [
        "nginx", "-c", folder.file("nginx.conf"), "-e", folder.file("error.log"),
      ], errors: .file(folder.file("errors")))
    for _ in 0..<1_000 where process.isRunning {
      if Network.run("ss -Hltn sport = :\(ports[0])", in: name).output.contains("LISTEN") { return }
      usleep(20_000)
    }
    Issue.record(
      "nginx does not listen (\(process.status.map { "status \($0)" } ?? "it runs")): \(Shell.read(folder.file("errors")))",
      sourceLocation: sourceLocation)
  }

  deinit { stop() }

  func stop() {
    process.send(SIGTERM)
    process.wait(seconds: 20)
  }

  /// What the server logged so far in the combined format; each line is written before its one in `log`.
  var combinedLog: String { Shell.read(folder.file("combined.log")) }

  /// What the server logged so far, counted.
  var log: [Entry: Int] {
    var counts: [Entry: Int] = [:]
    for line in Shell.read(folder.file("access.log")).split(separator: "\n") {
      let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 4 else { continue }
      counts[
        Entry(site: fields[0].lowercased(), method: fields[1], status: fields[2], target: fields[3]),
        default: 0] += 1
    }
    return counts
  }

  func count(_ member: (Entry) -> String) -> [String: Int] {
    var counts: [String: Int] = [:]
    for (entry, count) in log { counts[member(entry), default: 0] += count }
    return counts
  }

  /// Waits until the log has grown to this many lines.
  func waitForLog(_ lines: Int) {
    for _ in 0..<600 where log.values.reduce(0, +) < lines { usleep(50_000) }
  }
}
