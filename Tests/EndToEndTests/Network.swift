// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Synchronization
import Testing

/// Network namespaces of one test: they are made with it and removed with it.
final class Network: Sendable {
  private static let counter = Atomic<Int>(0)
  private let prefix: String
  private let names = Mutex<[String]>([])

  init() {
    let number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
    prefix = "wt\(getpid())n\(number)"
  }

  deinit {
    for name in names.withLock({ $0 }) {
      Shell.run(
        "ip netns pids \(name) | xargs -r kill -9", mayFail: "a process may have ended between the two")
      Shell.run("ip netns del \(name)")
    }
  }

  /// Makes a namespace with loopback up; returns its full name.
  func add(_ name: String) -> String {
    let full = "\(prefix)\(name)"
    Shell.run("ip netns add \(full) && ip -n \(full) link set lo up")
    names.withLock { $0.append(full) }
    return full
  }

  /// Joins two namespaces by a veth pair with these interface names and addresses.
  func join(
    _ a: String, _ aName: String, _ aAddress: String, _ b: String, _ bName: String, _ bAddress: String
  ) {
    Shell.run(
      """
      ip link add \(aName) netns \(a) type veth peer name \(bName) netns \(b)
      ip -n \(a) addr add \(aAddress) dev \(aName) nodad; ip -n \(b) addr add \(bAddress) dev \(bName) nodad
      ip -n \(a) link set \(aName) up; ip -n \(b) link set \(bName) up
      """)
    awaitCarrier(a, aName)
    awaitCarrier(b, bName)
  }

  /// Waits until a device sends: before the kernel's link watch has come round, which takes up to a
  /// second (net/core/link_watch.c), its queue drops whatever it is given, and says nothing.
  private func awaitCarrier(_ name: String, _ device: String) {
    for _ in 0..<200 {
      if Shell.attempt("ip -n \(name) link show \(device)").output.contains("state UP") { return }
      usleep(50_000)
    }
    Issue.record("\(device) in \(name) did not come up within 10 s")
  }

  /// The beginning of a configuration of HAProxy.
  static let proxyDefaults = """
    defaults
      mode http
      timeout connect 20s
      timeout client 20s
      timeout server 20s
    """

  /// Waits until a process listens on a port of a namespace, at one of its addresses if that is given.
  static func awaitListener(
    _ port: Int, at address: String? = nil, of process: ChildProcess, in name: String
  ) {
    let socket = address.map { "src \($0):\(port)" } ?? "sport = :\(port)"
    for _ in 0..<1_000 where process.isRunning {
      if run("ss -Hltn \(socket)", in: name).output.contains("LISTEN") { return }
      usleep(20_000)
    }
    Issue.record("nothing listens on port \(port) in \(name)")
  }

  /// A client, a router and a server in a row, 10.78.1.1 and 10.78.2.1 at the ends; the router's devices are `left` and
  /// `right`.
  func routed() -> (client: String, router: String, server: String) {
    let client = add("c"), router = add("r"), server = add("s")
    join(client, "eth0", "10.78.1.1/24", router, "left", "10.78.1.2/24")
    join(router, "right", "10.78.2.2/24", server, "eth0", "10.78.2.1/24")
    Shell.run(
      """
      ip -n \(client) route add default via 10.78.1.2; ip -n \(server) route add default via 10.78.2.2
      ip netns exec \(router) sysctl -qw net.ipv4.ip_forward=1
      """)
    return (client, router, server)
  }

  /// Two hosts, `client` at 10.77.0.1 and fd77::1, `server` at 10.77.0.2 and fd77::2.
  ///
  /// - Parameter number: takes the place of the 0. Owners are looked for in all namespaces of the machine, where the same
  ///   addresses and ports in two of them belong to nobody: tests of owners have each a number of their own.
  func pair(_ number: Int = 0) -> (client: String, server: String) {
    let client = add("c"), server = add("s")
    join(client, "eth0", "10.77.\(number).1/24", server, "eth0", "10.77.\(number).2/24")
    Shell.run(
      """
      ip -n \(client) addr add fd77::\(number):1/64 dev eth0 nodad
      ip -n \(server) addr add fd77::\(number):2/64 dev eth0 nodad
      """)
    return (client, server)
  }

  /// Runs a command line in a namespace, up to the first of its commands that fails: that fails the test.
  @discardableResult
  static func run(
    _ command: String, in name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Ran {
    Shell.run("ip netns exec \(name) sh -ec \(quoted(command))", sourceLocation: sourceLocation)
  }

  /// Runs a command line in a namespace whose failure the caller looks at.
  static func attempt(_ command: String, in name: String) -> Ran {
    Shell.attempt("ip netns exec \(name) sh -c \(quoted(command))")
  }

  private static func quoted(_ command: String) -> String {
    "'\(command.replacingOccurrences(of: "'", with: "'\\''"))'"
  }
}
