// SPDX-License-Identifier: Apache-2.0

import Statistics

/// What processes, units and containers served and asked; nothing when nobody looks for them.
extension MetricsPage {
  func addOwners(to writer: inout some MetricsSink) {
    guard let owners = published.owners else { return }
    let sides = [("server", owners.servers), ("client", owners.clients)].map { role, listing in
      (role: role, listing: listing, sites: listing.sites.sorted { $0.name < $1.name })
    }
    func each(_ body: ([(String, String)], SiteOutcomes) -> Void) {
      for side in sides {
        let rows = side.sites.map { ($0.name, $0.outcomes) } + [(SiteLedger.otherName, side.listing.other)]
        for (name, outcomes) in rows { body([("role", side.role)] + OwnerListing.labels(name), outcomes) }
      }
    }
    writer.family(
      "wiretally_owner_requests", .counter,
      "Exchanges that have ended, by who served and by who asked; of owners not listed in \(SiteLedger.otherName)."
    )
    each { writer.sample($1.requests, labels: $0) }
    writer.family("wiretally_owner_failures", .counter, "Those of them that failed.")
    each { writer.sample($1.failures, labels: $0) }
    writer.family(
      "wiretally_owner_requests_in_flight", .gauge,
      "Requests that wait, by who serves and by who asks; of owners not listed in \(SiteLedger.otherName).")
    for side in sides {
      let names = side.sites.map(\.name)
      let counts = OwnerListing.inFlight(side.role, published.life.owners ?? [], listed: Set(names))
      for name in names + [SiteLedger.otherName] {
        writer.sample(counts[name] ?? 0, labels: [("role", side.role)] + OwnerListing.labels(name))
      }
    }
    writer.family(
      "wiretally_owner_request_duration_seconds", .histogram,
      "As http_server_request_duration_seconds, of listed owners that served.")
    for site in sides[0].sites {
      writer.histogram(
        OwnerListing.labels(site.name), bounds: LatencyDistribution.bounds, counts: site.latencies.counts,
        sum: site.latencies.sum)
    }
    writer.family(
      "wiretally_owner_requests_unlisted", .gauge,
      "Exchanges in counters of owners that are shown no more: with the others, all that have ended.")
    for side in sides { writer.sample(side.listing.unlisted, ["role": side.role]) }
    writer.family("wiretally_owners_listed", .gauge, "Owners with counters of their own.")
    for side in sides { writer.sample(UInt64(side.sites.count), ["role": side.role]) }
  }
}
