// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `-i` with several interfaces: what crosses any of them counts, and what crosses two of them counts once.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct SeveralInterfacesTests {
  @Test(arguments: LiveTrafficTests.backends)
  func `what several interfaces carry counts once, and an outage is named`(backend: String) {
    let network = Network()
    let (client, router, far) = network.routed()
    let servers = (far: WebServer(in: far), own: WebServer(in: router))
    func watch(_ arguments: [String]) -> Monitor {
      Monitor(in: router, ["--backend", backend, "--format", "json"] + arguments)
    }
    // Three requests pass through, two are the router's own.
    let monitors = [
      (watch(["-i", "left", "-i", "right"]), 3, "left, right"), (watch(["-i", "left,lo"]), 5, "left, lo"),
      (watch(["-i", "right,lo,right"]), 5, "right, lo"), (watch(["-i", "lo"]), 2, "lo"),
      (watch(["-i", "lo,any"]), 5, "all interfaces"),
    ]
    Network.run("curl -s -o /dev/null 'http://10.78.2.1/echo?[1-3]'", in: client)
    Network.run("curl -s -o /dev/null 'http://127.0.0.1/fail?[1-2]'", in: router)
    servers.far.waitForLog(3)
    servers.own.waitForLog(2)
    Shell.run("ip -n \(router) link set right down")
    #expect(monitors[0].0.waitsForErrors("interface right has been down since"))
    for (monitor, count, source) in monitors {
      let ended = monitor.end()
      let summary = Lines(ended.output).summary
      #expect(summary?.requests == count && summary?.exchanges == count, "\(source): \(ended.errors)")
      #expect(summary?.source == source && summary?.isBalanced == true, "\(source)")
      #expect(ended.errors.contains("interface left has been down") == false)
    }
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `of several interfaces, the one that there is not is named`(backend: String) {
    let network = Network()
    let name = network.add("n")
    let ran = Network.attempt(
      "\(Machine.program) -t 1 --backend \(backend) -i lo,nosuch0 --alert-log /dev/null", in: name)
    #expect(ran.status == 66)
    #expect(ran.errors == "wiretally: no such interface: nosuch0\n  hint: the interfaces here are lo\n")
  }
}
