// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exporting

@Suite struct ListenAddressTests {
  @Test(
    arguments: [
      ("127.0.0.1:9180", "127.0.0.1:9180", true), ("9180", "127.0.0.1:9180", true),
      ("localhost:1", "127.0.0.1:1", true), ("[::1]:9180", "[::1]:9180", true), (":9180", nil, false),
      ("0.0.0.0:9180", "0.0.0.0:9180", false), ("[::]:9180", "[::]:9180", false),
      ("192.0.2.7:80", "192.0.2.7:80", false), ("unix:/run/x.sock", "unix:/run/x.sock", false),
      ("[0:0::1]:2", "[0:0::1]:2", true), ("", nil, false), ("unix:", nil, false), ("::1:9180", nil, false),
      ("example.org:80", nil, false), ("127.0.0.1:65536", nil, false), ("127.0.0.1:-1", nil, false),
      ("127.0.0.1:+1", nil, false), ("127.0.0.1:", nil, false), ("[127.0.0.1]:80", nil, false),
      ("[::1:80", nil, false), ("256.0.0.1:80", nil, false), ("http://127.0.0.1:80", nil, false),
    ] as [(String, String?, Bool)])
  func `an address is read as people write it`(text: String, canonical: String?, isLoopback: Bool) {
    let address = ListenAddress(text)
    #expect(address?.description == canonical)
    #expect(address?.isLoopback ?? false == isLoopback)
  }

  @Test func `a path that no socket can have is refused`() {
    #expect(ListenAddress("unix:/" + String(repeating: "x", count: 107)) == nil)
    #expect(ListenAddress("unix:/" + String(repeating: "x", count: 106)) != nil)
  }

  @Test(arguments: [
    "localhost", "localhost:9180", "LocalHost.:80", "a.localhost:1", "127.0.0.1", "127.0.0.1:9180",
    "127.8.9.10:1",
    "[::1]", "[::1]:9180", "[0:0:0:0:0:0:0:1]:1",
  ])
  func `names of the loopback are its own`(host: String) { #expect(HostName.isLocal(host)) }

  @Test(arguments: [
    "example.org", "127.0.0.1.example.org", "localhost.example.org", "127.0.0.1:80:80", "[::2]", "[::1].x:1",
    "[::1", "", ":9180", "10.0.0.1", "127.0.0.1@example.org", "127.1.example", "localhost:x", "notlocalhost",
    "[::ffff:10.0.0.1]:1",
  ])
  func `any other name may be another site's that was given our address`(host: String) {
    #expect(!HostName.isLocal(host))
  }
}
