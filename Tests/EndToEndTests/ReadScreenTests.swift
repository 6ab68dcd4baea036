// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `read --format screen`: an operator walks through a capture.
@Suite(
  .serialized, .enabled(if: Machine.hasTerminals, "needs root, network namespaces, nginx, curl and tmux"))
struct ReadScreenTests {
  @Test func `the screen has the totals of the page, its exchanges, and stays until q`() throws {
    let page = Shell.run("\(Machine.program) read --format json \(JSONDocumentTests.capture)").output
    let summary = try #require(Lines(page).summary)
    let site = try #require(summary.sites.first?.site)
    let pane = TerminalPane(columns: 120, rows: 40)
    pane.enter("\(Machine.program) read --format screen \(JSONDocumentTests.capture); echo status $?")
    #expect(pane.waits(for: "\(summary.requests) requests"), "\(pane.text)")
    #expect(pane.isAlternate)
    #expect(pane.lines[0].contains("file on ") && pane.text.contains(site), "\(pane.text)")
    pane.press("l")
    #expect(pane.waits(for: " GET "), "\(pane.text)")
    // It stays, whatever is looked at.
    pane.press("Escape", "w")
    #expect(pane.waits(for: "last 10s"), "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "status 0"), "\(pane.text)")
    #expect(!pane.isAlternate && pane.hasCursor)
    #expect(pane.history.contains("Total Requests: \(summary.requests)"), "\(pane.history)")
  }

  @Test func `a file that is broken shows what there is, and then its fault`() {
    let pane = TerminalPane(columns: 120, rows: 40)
    pane.enter(
      "head -c 2000 \(JSONDocumentTests.capture) >cut.pcap; \(Machine.program) read --format screen cut.pcap; echo status $?; rm cut.pcap"
    )
    #expect(pane.waits(for: "file on cut.pcap"), "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "status 65"), "\(pane.text)")
  }
}
