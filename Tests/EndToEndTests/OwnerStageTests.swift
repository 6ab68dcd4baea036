// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Clients, a proxy and servers in three network namespaces, each in a control group named as systemd, docker,
/// containerd, Podman or Kubernetes names it: every row is what was started.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasServers && OwnerTests.groups != nil
      && ["haproxy", "node", "ab", "wrk", Stage.python].allSatisfy(Shell.has),
    "needs root, network namespaces, cgroup2, nginx, curl, haproxy, node, ab, wrk and python3"))
struct OwnerStageTests {
  /// Where a process is started, and what is to be read from there.
  struct Place {
    var path: String
    var unit: String?
    var container: String?
    var isOldHierarchy = false
  }

  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let pod = "pod0a1b2c3d_0a1b_2c3d_4e5f_0123456789ab"
  private static let short = id.prefix(12)

  private static let places = [
    "haproxy": Place(path: "system.slice/haproxy.service", unit: "haproxy.service"),
    "nginx": Place(path: "system.slice/docker-\(id).scope", container: "docker:\(short)"),
    "python3": Place(path: "machine.slice/libpod-\(id).scope", container: "podman:\(short)"),
    "node": Place(
      path: "kubepods.slice/kubepods-\(pod).slice/cri-containerd-\(id).scope",
      container: "containerd:\(short)"),
    "curl": Place(path: "default/\(id)", container: "containerd:\(short)", isOldHierarchy: true),
    "ab": Place(path: "user.slice/user-1000.slice/session-3.scope", unit: "session-3.scope"),
    "wrk": Place(path: "kubepods/besteffort/\(pod)/\(id)", container: "kubernetes:\(short)"),
  ]

  /// Hierarchies of version 1, as hybrid hosts have them beside an empty one of version 2; nil elsewhere.
  private static let oldRoot: String? = {
    guard Shell.read("/proc/self/cgroup").split(separator: "\n").contains("0::/") else { return nil }
    for line in Shell.read("/proc/mounts").split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      if fields.count > 3, fields[2] == "cgroup", fields[3].split(separator: ",").contains("memory") {
        return fields[1]
      }
    }
    return nil
  }()

  /// The groups of all places, gone with all that runs in them when this is.
  private final class Groups {
    private let name = "wiretally-stage-\(getpid())"
    private let root: String
    private let oldRoot: String

    init() throws {
      root = "\(try #require(OwnerTests.groups))/\(name)"
      oldRoot = "\(OwnerStageTests.oldRoot ?? OwnerTests.groups ?? "")/\(name)"
      for place in OwnerStageTests.places.values { Shell.run("mkdir -p \(path(place))") }
    }

    private func path(_ place: Place) -> String { "\(place.isOldHierarchy ? oldRoot : root)/\(place.path)" }

    /// A command line in a group and a network namespace.
    func command(_ process: String, _ line: String, in name: String) -> [String] {
      let place = OwnerStageTests.places[process].map(path) ?? ""
      return ["sh", "-ec", "echo $$ >\(place)/cgroup.procs; exec ip netns exec \(name) \(line)"]
    }

    deinit {
      // A group is free some time after its last process has ended.
      Shell.run(
        """
        for root in \(root) \(oldRoot); do for i in $(seq 500); do
          [ -d $root ] || break
          find $root -name cgroup.procs -exec cat {} + | xargs -r kill -9 2>/dev/null || true
          find $root -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.02
        done; [ ! -d $root ]; done
        """)
    }
  }

  private static let web = """
    worker_processes 2; user root; daemon off; error_log /dev/null; pid PLACE/pid;
    events { }
    http { access_log off; client_body_temp_path PLACE/body; keepalive_requests 1000000;
      server { listen 8081; location / { return 200 ok; } } }
    """
  private static let proxy = """
    \(Network.proxyDefaults)
    frontend front
      bind 10.77.1.2:80
      use_backend python if { path_beg /python }
      use_backend node if { path_beg /node }
      default_backend nginx
    backend nginx
      server one 10.77.2.2:8081
    backend python
      server one 10.77.2.2:8082
    backend node
      server one 10.77.2.2:8083

    """

  private static let pages = """
    require("http").createServer((request, response) => response.end("ok")).listen(8083);

    """

  @Test
  func `10,000 requests over connections that are kept, and short ones, through a proxy to three servers`()
    throws
  {
    let network = Network()
    let (clients, middle, servers) = (network.add("c"), network.add("m"), network.add("s"))
    network.join(clients, "eth0", "10.77.1.1/24", middle, "eth0", "10.77.1.2/24")
    network.join(middle, "eth1", "10.77.2.1/24", servers, "eth0", "10.77.2.2/24")
    let folder = Folder(), groups = try Groups()
    try Data(Self.web.replacingOccurrences(of: "PLACE", with: folder.path).utf8)
      .write(to: URL(fileURLWithPath: folder.file("nginx.conf")))
    try Data(Self.proxy.utf8).write(to: URL(fileURLWithPath: folder.file("haproxy.cfg")))
    try Data(Self.pages.utf8).write(to: URL(fileURLWithPath: folder.file("server.js")))
    var running: [ChildProcess] = []
    func start(_ process: String, _ line: String, _ port: Int, in name: String) {
      running.append(ChildProcess(groups.command(process, line, in: name)))
      Network.awaitListener(port, of: running[running.count - 1], in: name)
    }
    // Two are there before the watch, two come after it.
    start("nginx", "nginx -c \(folder.file("nginx.conf")) -e /dev/null", 8081, in: servers)
    start("haproxy", "haproxy -db -f \(folder.file("haproxy.cfg"))", 80, in: middle)
    // What nginx and node serve is more than that, each in one of its seconds; what Python does is not.
    let rules = ["docker", "containerd", "podman"].flatMap {
      ["--alert", "requests > 50/s over 1s container=\($0):\(Self.short)"]
    }
    let monitor = Monitor(
      in: middle, rules + ["--interval", "1s", "--format", "json", "--port", "80,8081-8083"], threshold: nil)
    start("python3", "\(Stage.python) -m http.server -d \(folder.path) 8082", 8082, in: servers)
    start("node", "node \(folder.file("server.js"))", 8083, in: servers)
    func ask(_ process: String, _ line: String) {
      let ran = groups.command(process, line, in: clients)
      Shell.run(ran[2])
    }
    let fetches =
      "for i in $(seq 20); do for p in nginx python node; do curl -s -o /dev/null http://10.77.1.2/$p; done; done"
    ask("curl", "sh -c '\(fetches)'")
    ask("ab", "ab -q -k -n 10000 -c 8 http://10.77.1.2/nginx")
    ask("wrk", "wrk -t1 -c4 -d1s http://10.77.1.2/node")
    let output = monitor.end().output
    #expect(running.allSatisfy { $0.isRunning })
    check(OwnerTests.rows(output))
    #expect(
      OwnerTests.alertOwners(output) == [
        ["container": "docker:\(Self.short)"], ["container": "containerd:\(Self.short)"],
      ])
  }

  private func check(_ rows: [[String: Any]]) {
    var requests: [String: [String: Int]] = [:]
    for row in rows {
      let (role, process) = (row["role"] as? String ?? "", row["process"] as? String ?? "?")
      requests[role, default: [:]][process, default: 0] += row["requests"] as? Int ?? 0
      if process == "?" { continue }
      #expect(row["unit"] as? String == Self.places[process]?.unit, "\(row)")
      #expect(row["container"] as? String == Self.places[process]?.container, "\(row)")
    }
    let servers = requests["server", default: [:]], clients = requests["client", default: [:]]
    let all = servers.values.reduce(0, +)
    #expect(all == clients.values.reduce(0, +) && all > 20_000)
    // 99.9 % of the servers, 99 % of the clients, and nobody else.
    #expect(servers["?", default: 0] * 1_000 <= all && clients["?", default: 0] * 100 <= all, "\(requests)")
    #expect(Set(servers.keys).subtracting(["?"]) == ["haproxy", "nginx", "python3", "node"], "\(requests)")
    #expect(Set(clients.keys).subtracting(["?"]) == ["haproxy", "curl", "ab", "wrk"], "\(requests)")
    #expect(clients["ab", default: 0] <= 10_000 && clients["ab", default: 0] >= 9_900, "\(requests)")
    #expect(clients["curl", default: 0] <= 60 && clients["curl", default: 0] >= 59, "\(requests)")
    #expect(servers["python3", default: 0] == 20, "\(requests)")
  }
}
