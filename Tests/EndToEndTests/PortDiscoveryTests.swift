// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// HTTP on ports that nobody watches is found and named.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct PortDiscoveryTests {
  /// A server on a port, and somebody who asks it all the time; both end with the value.
  private final class Visited {
    private let server: ChildProcess
    private let visitor: ChildProcess

    init(in name: String, port: Int) {
      let enter = ["ip", "netns", "exec", name]
      server = ChildProcess(enter + [Stage.python, "-m", "http.server", "-d", "/dev", "\(port)"])
      visitor = ChildProcess(
        enter + ["sh", "-c", "while :; do curl -s -o /dev/null http://127.0.0.1:\(port)/; sleep 0.05; done"])
    }

    deinit {
      for process in [visitor, server] { process.send(SIGKILL) }
    }
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `while the watched port is silent, another one with HTTP is named`(backend: String) {
    let network = Network()
    let name = network.add("e")
    let visited = Visited(in: name, port: 8080)
    let monitor = Monitor(in: name, ["--backend", backend, "--format", "json", "--interval", "1s"])
    let notice = "no requests on port 80; HTTP seen on port 8080: --port 8080"
    #expect(monitor.waitsForErrors(notice))
    // Among others that the backend may have.
    #expect(monitor.waits(for: "\"\(notice)\""))
    // It is no news any more once the watched port has traffic.
    withExtendedLifetime(Visited(in: name, port: 80)) {
      func lines() -> [Substring] { monitor.output.split(separator: "\n") }
      for _ in 0..<400 where lines().last?.contains(notice) != false { usleep(50_000) }
      #expect(lines().last?.contains("\"requests\":0,") == false)
      #expect(lines().last?.contains(notice) == false, "\(lines().last ?? "")")
    }
    withExtendedLifetime(visited) {}
    #expect(monitor.end().status == 0)
  }

  @Test func `--port auto watches the ports on which HTTP is seen`() {
    let network = Network()
    let name = network.add("e")
    let visited = [Visited(in: name, port: 8080), Visited(in: name, port: 3000)]
    for _ in 0..<200
    where Network.attempt("curl -sf http://127.0.0.1:8080/ && curl -sf http://127.0.0.1:3000/", in: name)
      .status != 0
    {
      usleep(50_000)
    }
    let monitor = Monitor(in: name, ["--port", "auto", "-i", "lo", "--format", "json", "--interval", "1s"])
    #expect(monitor.errors.contains("HTTP seen on port 3000,8080\n"), "\(monitor.errors)")
    #expect(monitor.errors.contains("capturing on lo, port 3000,8080"))
    #expect(monitor.waits(for: "\"GET\":"))
    let doctor = Network.run("\(Machine.program) doctor", in: name)
    #expect(doctor.output.contains("seen on port 3000,8080\n"), "\(doctor.output)")
    #expect(doctor.output.contains("hint: wiretally --port 3000,8080 ..."))
    withExtendedLifetime(visited) {}
    #expect((Lines(monitor.end().output).summary?.requests ?? 0) > 0)
  }

  @Test func `--port auto watches port 80 where there is no HTTP`() {
    let network = Network()
    let name = network.add("e")
    let monitor = Monitor(in: name, ["--port", "auto"])
    #expect(monitor.errors.contains("no HTTP seen on any port for 5 s; port 80 is watched"))
    #expect(monitor.errors.contains("capturing on all interfaces, port 80 "), "\(monitor.errors)")
    let doctor = Network.run("\(Machine.program) doctor", in: name)
    #expect(doctor.output.contains(" none seen\n"), "\(doctor.output)")
    #expect(monitor.end().status == 0)
  }
}
