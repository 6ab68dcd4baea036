// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct CaptureTruthTests {
  /// Captures of our own making: `Tests/Captures/made/README.md` says how.
  static let made: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: CaptureTruth.made)) ?? [])
    .filter { $0.hasSuffix(".truth.json") }.map { String($0.dropLast(".truth.json".count)) }.sorted()

  @Test(arguments: [
    "arkime-v6-http.pcap", "pcapplusplus-keepalive.pcap", "pcapplusplus-tutorial.pcap", "zeek-get.pcap",
    "zeek-image.pcapng", "zeek-post.pcap",
  ])
  func `a public capture gives what is known of it`(name: String) throws {
    try CaptureTruth.check("\(CaptureTruth.folder)/\(name)")
  }

  @Test(arguments: made)
  func `a capture of real servers gives what their logs say`(name: String) throws {
    try CaptureTruth.check("\(CaptureTruth.made)/\(name)")
  }

  @Test func `there are at least forty of our own`() {
    #expect(Self.made.count >= 40)
  }
}
