// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Random conversations with a ground truth (Scripts/conversations.py): every way to watch counts them exactly, whether
/// bodies pass or not, and however connections end.
@Suite(
  .serialized,
  .enabled(if: Machine.hasNamespaces && Shell.has("python3"), "needs root, network namespaces and python3"))
struct LiveConversationTests {
  /// The ground truth, which the script prints at its end.
  private struct GroundTruth: Decodable {
    var requests: Int
    var exchanges: Int
    var aborted: Int
    var statuses: [String: Int]
    var sites: [String: Int]
  }

  private static let watches = [
    ["--backend", "ebpf"], ["--backend", "ebpf", "--depth", "streams"],
    ["--backend", "ebpf", "--workers", "2"], ["--backend", "pcap"],
  ]

  /// The same conversations each time; others with WIRETALLY_SEED.
  private static let seed = ProcessInfo.processInfo.environment["WIRETALLY_SEED"].flatMap { Int($0) } ?? 1

  /// Messages in one write, and heads in one write a line, or two.
  @Test(arguments: ["whole", "lines", "cut"])
  func `conversations of any kind count as they were, however they are written`(writing: String) throws {
    let network = Network()
    let name = network.add("t")
    // Segments as long as those of a cable.
    Network.run("ip link set lo mtu 1500", in: name)
    let monitors = Self.watches.map { Monitor(in: name, $0 + ["--format", "json"]) }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Scripts/conversations.py").path
    let ran = Network.run("\(Stage.python) \(script) \(Self.seed) \(writing)", in: name)
    let truth = try JSONDecoder().decode(GroundTruth.self, from: Data(ran.output.utf8))
    #expect(truth.requests > 100 && truth.aborted > 10 && truth.statuses["101"] != nil)
    for (options, monitor) in zip(Self.watches, monitors) {
      let what = "\(writing), seed \(Self.seed), \(options)"
      let summary = try #require(Lines(monitor.end().output).summary, "\(what)")
      #expect(summary.siteCounts == truth.sites, "\(what)")
      #expect(summary.requests == truth.requests && summary.exchanges == truth.exchanges, "\(what)")
      #expect(summary.aborted == truth.aborted && summary.unmatchedResponses == 0, "\(what)")
      #expect(summary.inFlight == 0 && summary.unknown == 0 && summary.timedOut == 0, "\(what)")
      #expect(summary.statuses == truth.statuses, "\(what)")
      #expect(summary.isBalanced && summary.capture.lost == 0, "\(what)")
    }
  }
}
