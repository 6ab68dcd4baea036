// SPDX-License-Identifier: Apache-2.0
import Owners
import Statistics
import Testing

@testable import Exporting

@Suite struct OwnerLedgerTests {
  static let second: UInt64 = 1_000_000_000

  static func activity(
    _ role: OwnerCounts.Role, _ owner: Owner?, _ requests: UInt64, failures: UInt64 = 0
  ) -> OwnerActivity {
    var activity = OwnerActivity(role: role, owner: owner)
    activity.requests = requests
    activity.failures = failures
    activity.successes = requests - failures
    activity.latencies.counts[2] = requests
    return activity
  }

  static func counts(_ listing: SiteListing) -> [String: [UInt64]] {
    Dictionary(
      uniqueKeysWithValues: listing.sites.map {
        (
          OwnerListing.labels($0.name).map(\.1).joined(separator: "|"),
          [$0.outcomes.requests, $0.outcomes.failures, $0.latencies.count]
        )
      })
  }

  @Test func `one owner is one series, whatever worker and pod it was counted in`() {
    var ledger = OwnerLedger(limit: 10)
    let api = Owner(process: "api", unit: "api.service")
    let web = Owner(process: "web", container: "docker:0123456789ab", pod: "1"), curl = Owner(process: "curl")
    for step in 1...3 as ClosedRange<UInt64> {
      ledger.add(
        [
          Self.activity(.server, api, 5, failures: 1), Self.activity(.server, web, 2),
          Self.activity(.server, api, 3), Self.activity(.server, .other, 1), Self.activity(.client, curl, 7),
          Self.activity(.server, nil, 4), Self.activity(.client, nil, 8),
        ], at: step * Self.second, elapsed: Self.second)
    }
    let listing = ledger.listing
    #expect(
      Self.counts(listing.servers) == [
        "api|api.service|": [24, 3, 24], "web||docker:0123456789ab": [6, 0, 6], "||": [12, 0, 12],
      ])
    #expect(listing.servers.other.requests == 3)
    #expect(Self.counts(listing.clients) == ["curl||": [21, 0, 21], "||": [24, 0, 24]])
  }

  @Test func `no name of a process makes a series twice, and none is shown beyond the limit`() throws {
    var ledger = OwnerLedger(limit: 8)
    // A name like that of all others, without a name, and with what labels are written in.
    let names = ["_OTHER", "", "a|b", #"x\x1b[2J\xe2\x80\xae"#, "\"} 9", "(other)"]
    let owners = names.flatMap { name in
      [
        Owner(process: name), Owner(process: name, unit: "u.service"),
        Owner(process: name, container: "u.service"),
      ]
    }
    for step in 0..<200 as Range<UInt64> {
      let crowd = (0..<30).map { Self.activity(.server, Owner(process: "p\(step)-\($0)"), 1) }
      let own = owners.map { Self.activity(.server, $0, 2) } + [Self.activity(.server, nil, 1)]
      ledger.add(own + crowd, at: (step + 1) * Self.second, elapsed: Self.second)
      var published = PublishedStates.sample
      published.owners = ledger.listing
      let page = String(decoding: MetricsPage(published: published).render(.openMetrics), as: UTF8.self)
      let lines = page.split(separator: "\n").filter { $0.hasPrefix("wiretally_owner_requests_total{") }
      let series = lines.map { $0.prefix(upTo: $0.lastIndex(of: " ") ?? $0.endIndex) }
      #expect(Set(series).count == series.count && series.count <= 2 * 8 + 2)
      let servers = ledger.listing.servers
      let sum = servers.sites.map(\.outcomes.requests).reduce(servers.other.requests &+ servers.unlisted, &+)
      #expect(sum == (step + 1) * UInt64(owners.count * 2 + 1 + 30))
    }
    let listed = ledger.listing.servers
    #expect(OwnerListing.name(Owner(process: "_OTHER", unit: "u.service")) != SiteLedger.otherName)
    #expect(!listed.sites.contains { $0.name == SiteLedger.otherName } && listed.other.requests > 0)
  }

  @Test func `where nobody looks for owners there are no such families`() {
    var published = PublishedStates.sample
    published.owners = nil
    let page = String(decoding: MetricsPage(published: published).render(.text), as: UTF8.self)
    #expect(!page.contains("wiretally_owner"))
  }
}
