// SPDX-License-Identifier: Apache-2.0
import Owners
import Statistics
import Testing
import Text

@testable import Reporting

/// Owners in words.
struct OwnerTextTests {
  @Test(arguments: [
    (nil, "?"), (Owner(process: "curl"), "curl"), (Owner(process: "Web Content"), #"Web\x20Content"#),
    (Owner(process: "nginx", unit: "nginx.service"), "nginx@nginx.service"),
    (Owner(process: "nginx", container: "docker:0123456789ab", pod: "x"), "nginx@docker:0123456789ab"),
  ])
  func `a column is one word`(owner: Owner?, column: String) {
    #expect(OwnerText.column(owner.map { OwnerProcess(owner: $0, process: 7) }) == column)
  }

  @Test func `a page lists servers and clients`() {
    var life = Snapshot()
    var server = OwnerCounts(
      role: .server,
      process: OwnerProcess(owner: Owner(process: "nginx", unit: "nginx.service"), process: 812))
    (server.requests, server.failures, server.inFlight) = (10, 2, 3)
    var client = OwnerCounts(role: .client, process: nil)
    client.requests = 10
    life.owners = [server, client]
    var text = ByteText()
    let label = CaptureLabel(backend: "eBPF", source: "lo", ports: "80")
    PageRenderer(label: label, alertLogPath: nil, top: 3).addOwners(life, to: &text)
    #expect(
      text.string == """
        Top 3 Serving Processes:
        \tnginx (nginx.service, pid 812) - Requests: 10, failures: 2, in flight: 3

        Top 3 Asking Processes:
        \t? (another machine, or not known) - Requests: 10, failures: 0


        """)
  }

  @Test func `an owner's members are null where there is none`() {
    var json = JSONWriter()
    json.beginObject()
    json.owner("a", nil)
    json.owner("b", OwnerProcess(owner: Owner(process: "curl", unit: "x.service")))
    json.endObject()
    #expect(
      json.text.string
        == #"{"a":null,"b":{"process":"curl","pid":null,"unit":"x.service","container":null,"pod":null}}"#)
  }
}
