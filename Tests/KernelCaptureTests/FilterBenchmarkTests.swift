// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Testing

@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct FilterBenchmarkTests {
  @Test func `every kind of packet has its cost`() throws {
    let head = request + String(repeating: "x", count: 0)
    let long =
      "GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: " + String(repeating: "a", count: 240) + "\r\n\r\n"
    let unfinished = Packet().payload("GET / HTTP/1.1\r\nCookie: " + String(repeating: "a", count: 1400))
      .bytes
    let frames: [(String, [UInt8])] = [
      ("not IP", Packet().with { $0.etherType = 0x88cc }.bytes),
      ("UDP", Packet().transport(17).bytes),
      ("another port", Packet().from(port: 443).to(port: 40000).payload("x").bytes),
      ("another port, IPv6", Packet().ipv6().from(port: 443).to(port: 40000).payload("x").bytes),
      ("acknowledgement", Packet().bytes),
      ("body", Packet().payload(String(repeating: "x", count: 1400)).bytes),
      ("body, IPv6", Packet().ipv6().payload(String(repeating: "x", count: 1400)).bytes),
      ("body in capitals", Packet().payload(String(repeating: "BIZ ", count: 350)).bytes),
      ("request", Packet().payload(head).bytes),
      ("request of 300 bytes", Packet().payload(long).bytes),
      ("response", Packet().reversed().payload(response).bytes),
      (
        "response of 1400 bytes",
        Packet().reversed().payload(response + String(repeating: "x", count: 1360)).bytes
      ),
      ("unfinished request of 1400 bytes", unfinished),
    ]
    let benchmark = try FilterBenchmark.measure(frames: frames, times: 10000, rounds: 15)
    for row in benchmark.rows { print("\(row.name): \(row.nanoseconds) ns") }
    print("reader: \(benchmark.reading) ns a record")
    #expect(benchmark.reading > 0)
    #expect(benchmark.rows.count == frames.count)
    #expect(benchmark.rows.allSatisfy { $0.nanoseconds > 0 })
  }
}
