// SPDX-License-Identifier: Apache-2.0
import Foundation
import Owners
import Statistics
import Testing

@testable import Exporting

/// Tables as CSV: what is in a name stays in its field.
@Suite struct CSVTableTests {
  private static func text(_ table: CSVTable) -> [String] {
    String(decoding: table.bytes, as: UTF8.self).components(separatedBy: "\r\n")
  }

  @Test func `sites have their counts and times, and empty fields without an answer`() {
    var life = Snapshot()
    life.sites = [SiteCounts(name: "a.example"), SiteCounts(name: #"=cmd|"x",1"#)]
    (life.sites[0].requests, life.sites[0].successes, life.sites[0].failures) = (7, 4, 2)
    life.sites[0].unanswered = UnansweredRequests(aborted: 1)
    life.sites[0].overcountMax = 3
    (life.sites[0].latency.count, life.sites[0].latency.p50) = (6, 1_250_000)
    (life.sites[0].latency.p90, life.sites[0].latency.p99) = (2_000_000_000, 60_000_000_001)
    life.sites[0].latency.maximum = 61_000_000_000
    #expect(
      Self.text(.sites(life)) == [
        "site,requests,overcount_max,successes,failures,aborted,timed_out,unknown,p50_seconds,p90_seconds,"
          + "p99_seconds,max_seconds",
        #""a.example",7,3,4,2,1,0,0,0.001250000,2.000000000,60.000000001,61.000000000"#,
        #""'=cmd|""x"",1",0,0,0,0,0,0,0,,,,"#, "",
      ])
  }

  @Test func `sections have their site, their counts and their times`() {
    var life = Snapshot()
    life.sites = [SiteCounts(name: "a.example"), SiteCounts(name: "b.example")]
    life.sites[0].sections = [
      SectionCounts(name: "/cart", requests: 7), SectionCounts(name: "/a,b", requests: 1),
    ]
    (life.sites[0].sections[0].successes, life.sites[0].sections[0].failures) = (4, 2)
    life.sites[0].sections[0].unanswered = UnansweredRequests(aborted: 1)
    life.sites[0].sections[0].latency.count = 6
    (life.sites[0].sections[0].latency.p50, life.sites[0].sections[0].latency.p99) = (
      1_250_000, 60_000_000_001
    )
    life.sites[0].sections[0].latency.p90 = 2_000_000_000
    life.sites[0].sections[0].latency.maximum = 61_000_000_000
    life.sites[1].sections = [SectionCounts(name: "/", requests: 3)]
    #expect(
      Self.text(.sections(life)) == [
        "site,section,requests,successes,failures,aborted,timed_out,unknown,p50_seconds,p90_seconds,p99_seconds,"
          + "max_seconds",
        #""a.example","/cart",7,4,2,1,0,0,0.001250000,2.000000000,60.000000001,61.000000000"#,
        #""a.example","/a,b",1,0,0,0,0,0,,,,"#, #""b.example","/",3,0,0,0,0,0,,,,"#, "",
      ])
  }

  @Test func `owners have their names, each in its field, and their times`() {
    var life = Snapshot()
    #expect(Self.text(.owners(life)).count == 2)
    let owner = Owner(process: #"=a,"b"#, unit: "u.service", pod: "1-2")
    life.owners = [
      OwnerCounts(role: .server, process: OwnerProcess(owner: owner, process: 12)),
      OwnerCounts(role: .client, process: nil),
    ]
    life.owners?[0].requests = 3
    life.owners?[0].unanswered.timedOut = 1
    life.owners?[0].failures = 2
    life.owners?[0].latency.count = 2
    life.owners?[0].inFlight = 2
    life.owners?[0].latency.p99 = 1_000_000_001
    #expect(
      Self.text(.owners(life)) == [
        "role,process,pid,unit,container,pod,requests,overcount_max,successes,failures,aborted,timed_out,unknown,"
          + "p50_seconds,p90_seconds,p99_seconds,max_seconds,in_flight",
        #"server,"'=a,""b",12,"u.service","","1-2",3,0,0,2,0,1,0,0.000000000,0.000000000,1.000000001,0.000000000,2"#,
        #"client,"",,"","","",0,0,0,0,0,0,0,,,,,0"#, "",
      ])
  }

  @Test func `clients have their addresses`() {
    var life = Snapshot()
    life.clients = [
      ClientCounts(high: 0, low: 0xffff_0a00_0001), ClientCounts(high: 0x2001_0db8_0000_0000, low: 1),
    ]
    (life.clients[0].requests, life.clients[0].successes, life.clients[0].slowest) = (2, 1, 5_000_000)
    #expect(
      Self.text(.clients(life)) == [
        "client,requests,overcount_max,successes,failures,aborted,timed_out,unknown,slowest_seconds",
        #""10.0.0.1",2,0,1,0,0,0,0,0.005000000"#, #""2001:db8::1",0,0,0,0,0,0,0,"#, "",
      ])
  }
}
