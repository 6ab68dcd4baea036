// SPDX-License-Identifier: Apache-2.0
import Testing

/// A server in a network namespace, and a client in another one that asks it for sites and paths.
struct VisitedServer {
  let network = Network()
  let client: String
  /// The server's namespace.
  let name: String
  let server: WebServer

  init() {
    (client, name) = network.pair()
    server = WebServer(in: name)
  }

  /// Requests by curl, one after the other, with its options.
  func visit(_ site: String, _ path: String = "/a", times: Int = 1, _ options: String = "") {
    Network.run(
      "for n in $(seq \(times)); do curl -s -o /dev/null \(options) -H \"Host: \(site)\" http://10.77.0.2\(path); done",
      in: client)
  }
}
