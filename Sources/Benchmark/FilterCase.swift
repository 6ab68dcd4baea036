// SPDX-License-Identifier: Apache-2.0

import Capture
import KernelCapture
import PacketBuilder

/// The filter in the kernel's own test run, packet kind by packet kind, and the ring's reader.
enum FilterCase {
  static func run() {
    let body = String(repeating: "x", count: 1_400)
    let frames: [(name: String, bytes: [UInt8])] = [
      ("filter: not IP", Packet().with { $0.etherType = 0x88cc }.bytes),
      ("filter: UDP", Packet().transport(17).bytes),
      ("filter: TCP on another port", Packet().from(port: 443).to(port: 40_000).payload("x").bytes),
      ("filter: body data on the port", Packet().payload(body).bytes),
      ("filter: request head, 300 bytes", Packet().payload(Traffic.request(0, padding: 180)).bytes),
      ("filter: response of 1400 bytes", Packet().reversed().payload(Traffic.response + body).bytes),
    ]
    do {
      let benchmark = try FilterBenchmark(frames: frames)
      for row in benchmark.rows { print("| \(row.name) | \(row.nanoseconds) | | ns/packet |") }
      print("| reader: ring to segment | \(Measurement.rounded(benchmark.reading)) | | ns/record |")
    } catch {
      print("| filter: not measured, \(error.message) | | | |")
    }
  }
}
