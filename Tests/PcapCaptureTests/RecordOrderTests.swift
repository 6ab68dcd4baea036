// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import Glibc
import PcapCapture
import Randomness
import Testing

/// A file is read by its packets' times, however they stand in it.
@Suite struct RecordOrderTests {
  static let captures =
    [
      "arkime-v6-http.pcap", "pcapplusplus-keepalive.pcap", "pcapplusplus-tutorial.pcap", "zeek-get.pcap",
      "zeek-image.pcapng", "zeek-post.pcap",
    ] + CaptureTruthTests.made.map { "made/\($0)" }.filter { $0 != steppedClock }
  /// The clock was set back a year in the midst of it: its times do not tell what came first.
  private static let steppedClock = "made/time-jump.pcap"

  private func written<Result>(
    _ bytes: [UInt8], _ body: (String) throws -> Result
  ) throws -> Result {
    let path = NSTemporaryDirectory() + "wiretally-order-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try body(path)
  }

  @Test(arguments: captures)
  func `any order and any duplication of a capture's packets gives the same totals`(name: String) throws {
    let path = "\(CaptureTruth.folder)/\(name)"
    let ports = try #require(PortSet(CaptureTruth(of: path).ports.map { $0...$0 }))
    let truth = try FileAccount(paths: [path], ports: ports)
    let file = try ShuffledFile(path)
    for seed in 0..<3 {
      var random = SeededGenerator(seed: UInt64(seed))
      let account = try written(file.bytes(using: &random)) { try FileAccount(paths: [$0], ports: ports) }
      #expect(account.requests == truth.requests, "seed \(seed)")
      #expect(account.responses == truth.responses, "seed \(seed)")
      #expect(account.methods == truth.methods, "seed \(seed)")
      #expect(account.statuses == truth.statuses, "seed \(seed)")
      #expect(account.sites == truth.sites, "seed \(seed)")
      #expect(account.sections == truth.sections, "seed \(seed)")
      #expect(account.successes == truth.successes, "seed \(seed)")
      #expect(account.failures == truth.failures, "seed \(seed)")
    }
  }

  @Test func `a broken file in disorder gives its whole packets, then the fault`() throws {
    let path = "\(CaptureTruth.folder)/zeek-get.pcap"
    var random = SeededGenerator(seed: 7)
    let bytes = try ShuffledFile(path).bytes(using: &random)
    try written(Array(bytes.dropLast(3))) { cut in
      let file = try CaptureFile(path: cut)
      var times: [UInt64] = []
      let error = #expect(throws: CaptureError.self) {
        while try file.next({ packet, _ in times.append(packet.time) }) {}
      }
      #expect(times.count > 10)
      #expect(times == times.sorted())
      #expect(error?.message.contains("it ends inside packet \(times.count + 1)") == true)
    }
  }

  @Test func `a file that is cut while it is read ends with a fault, in whichever order it is read`() throws {
    let path = "\(CaptureTruth.folder)/zeek-get.pcap"
    var random = SeededGenerator(seed: 7)
    let shuffled = try ShuffledFile(path).bytes(using: &random)
    // One packet over and over: more bytes than are read at once.
    let original = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let length = 16 + Int(original[32]) + Int(original[33]) << 8
    var long = Array(original.prefix(24))
    while long.count < 2 << 20 { long += original[24..<24 + length] }
    for bytes in [shuffled, long] {
      try written(bytes) { copy in
        let file = try CaptureFile(path: copy)
        #expect(try file.next { _, _ in })
        // The path is a string that ends in zero for the time of the call.
        #expect(unsafe truncate(copy, 0) == 0)
        let error = #expect(throws: CaptureError.self) { while try file.next({ _, _ in }) {} }
        #expect(error?.message.contains("the file became shorter while it was read") == true)
      }
    }
  }
}
