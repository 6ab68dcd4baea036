// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The same traffic before eBPF, libpcap and a capture file: all three tell what the server logged.
@Suite(
  .enabled(
    if: Machine.hasTranslation && Shell.has("tcpdump") && Shell.has(Stage.python),
    "needs root, network namespaces, nginx, curl, nft, tcpdump and python3"))
struct ScenarioTests {
  @Test(
    arguments: Scenario.hosts + Scenario.gateways + Scenario.streams + Scenario.frames + Scenario.devices
      + Scenario.tunnels)
  func `three backends count what was there`(scenario: Scenario) { check(scenario) }

  @Test(arguments: Scenario.containers)
  func `what containers ask and answer counts once, before each backend and at depth streams`(
    scenario: Scenario
  ) { check(scenario) }

  private func check(_ scenario: Scenario) {
    let stage = Stage()
    let truth = scenario.play(stage)
    for (backend, summary) in stage.summaries(truth.requests) {
      guard let summary else {
        Issue.record("\(scenario.name), \(backend): there is no summary")
        continue
      }
      #expect(summary.requests == truth.requests, "\(scenario.name), \(backend)")
      if let statuses = truth.statuses {
        #expect(summary.statuses == statuses, "\(scenario.name), \(backend)")
        #expect(summary.exchanges == truth.requests, "\(scenario.name), \(backend)")
        #expect(summary.unmatchedResponses == 0, "\(scenario.name), \(backend)")
      }
      if let methods = truth.methods { #expect(summary.methods == methods, "\(scenario.name), \(backend)") }
      if truth.hasDuplicates { #expect(summary.capture.duplicates > 0, "\(scenario.name), \(backend)") }
      #expect(summary.isBalanced, "\(scenario.name), \(backend): \(summary.capture)")
      #expect(summary.capture.lost == 0, "\(scenario.name), \(backend)")
    }
  }
}
