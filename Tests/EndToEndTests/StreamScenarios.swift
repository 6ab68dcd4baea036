// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// TCP as applications and cards make it: cut anywhere, glued together, lost and sent again.
extension Scenario {
  static let streams: [Scenario] = [
    Scenario("super-segments with bodies of 4 MB both ways") { big($0, "10.77.0.2", "") },
    Scenario("BIG TCP, IPv6") { stage in
      big(stage, "[fd77::2]", "dev eth0 gso_max_size 200000 gro_max_size 200000")
    },
    Scenario("offloads off, heads of 8 kB") { stage in
      let (client, name) = stage.network.pair()
      for host in [client, name] {
        Network.run("ethtool -K eth0 tso off gso off gro off tx off sg off", in: host)
      }
      let server = WebServer(in: name)
      stage.watch(in: name, "eth0")
      Network.run(
        """
        for n in 1 2 3 4 5; do
          curl -s -o /dev/null -H "Cookie: $(head -c 8000 /dev/zero | tr "\\0" c)" http://10.77.0.2/a/b
        done
        """, in: client)
      return Truth(server, 5)
    },
    Scenario("heads in small writes") { cut($0, size: 11, gap: 2) },
    Scenario("heads byte by byte") { cut($0, size: 1, gap: 1) },
    Scenario("ten requests in one write") { stage in
      let (client, name) = stage.network.pair()
      let server = WebServer(in: name)
      stage.watch(in: name, "eth0")
      for _ in 0..<3 { Stage.traffic("pipeline 10.77.0.2 10", in: client) }
      return Truth(server, 30)
    },
    Scenario("first copies lost behind the tap") { stage in
      let (client, name) = stage.network.pair()
      let server = WebServer(in: name)
      // Every second segment with data is dropped after it was seen: it comes again.
      Network.run(
        """
        nft add table inet lossy
        nft add chain inet lossy in "{ type filter hook input priority 0; }"
        nft add rule inet lossy in tcp dport 80 meta length gt 90 numgen inc mod 2 0 drop
        """, in: name)
      stage.watch(in: name, "eth0")
      Network.run("for n in 1 2 3 4 5 6; do curl -s -o /dev/null http://10.77.0.2/echo?$n; done", in: client)
      return Truth(server, 6, hasDuplicates: true)
    },
  ]

  private static func big(_ stage: Stage, _ address: String, _ size: String) -> Truth {
    let (client, name) = stage.network.pair()
    if !size.isEmpty { for host in [client, name] { Shell.run("ip -n \(host) link set \(size)") } }
    let server = WebServer(in: name)
    stage.watch(in: name, "eth0")
    Network.run(
      """
      for n in 1 2 3; do
        curl -s -o /dev/null http://\(address)/big
        head -c 4000000 /dev/zero | curl -s -o /dev/null -H Expect: --data-binary @- http://\(address)/echo
      done
      """, in: client)
    return Truth(server, 6)
  }

  private static func cut(_ stage: Stage, size: Int, gap: Int) -> Truth {
    let (client, name) = stage.network.pair()
    let server = WebServer(in: name)
    stage.watch(in: name, "eth0")
    let lines = ["GET", "DELETE", "PROPFIND", "OPTIONS"].map {
      "\($0) /echo/\($0)?x HTTP/1.1\\r\\nHost: slow.example\\r\\nUser-Agent: by hand\\r\\n\\r\\n\n"
    }
    let ran = Stage.traffic("slow 10.77.0.2 \(size) \(gap)", in: client, input: lines.joined())
    return Truth(server, ran.status == 0 ? lines.count : 0)
  }
}
