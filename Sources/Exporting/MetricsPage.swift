// SPDX-License-Identifier: Apache-2.0

import Exchanges
import HTTP1
import Reporting
import Statistics

/// The page at `/metrics`: a published state as counters and gauges.
struct MetricsPage {
  let published: PublishedState
  /// What the listener knows of itself.
  var listener = ListenerCounts()

  func render(_ format: MetricsWriter.Format) -> [UInt8] {
    var writer = MetricsWriter(format)
    add(to: &writer)
    return writer.end()
  }

  /// All families.
  func add(to writer: inout some MetricsSink) {
    addTraffic(to: &writer)
    addSites(to: &writer)
    addOwners(to: &writer)
    addCoverage(to: &writer)
    addCapture(to: &writer)
    addAlerts(to: &writer)
    addProgram(to: &writer)
  }

  private func addTraffic(to writer: inout some MetricsSink) {
    let traffic = published.traffic
    let totals = traffic.totals
    writer.family("wiretally_http_requests", .counter, "Requests seen, each once.")
    for method in methods { writer.sample(method.count, ["http_request_method": method.name]) }
    addProtocols(totals, to: &writer)
    writer.family("wiretally_http_responses", .counter, "Responses seen, interim ones included.")
    for status in traffic.statuses {
      writer.sample(status.count, ["http_response_status_code": "\(status.status)"])
    }
    writer.sample(traffic.otherStatuses, ["http_response_status_code": SiteLedger.otherName])
    writer.family(
      "wiretally_http_final_responses", .counter,
      "Final responses; a failure has a status of 4xx or 5xx, or is one by what followed it.")
    writer.sample(totals.successes, ["outcome": "success"])
    writer.sample(totals.failures, ["outcome": "failure"])
    writer.family("wiretally_http_exchanges", .counter, "Requests tied to their final response.")
    writer.sample(totals.exchanges)
    writer.family(
      "wiretally_http_aborted_requests", .counter, "Requests whose connection ended before a final response.")
    writer.sample(totals.unanswered.aborted)
    writer.family(
      "wiretally_http_timed_out_requests", .counter, "Requests without a final response within --timeout.")
    writer.sample(totals.unanswered.timedOut)
    writer.family(
      "wiretally_http_unknown_requests", .counter,
      "Requests of which it is not known whether they were answered.")
    writer.sample(totals.unanswered.unknown)
    writer.family("wiretally_http_active_requests", .gauge, "Requests that wait for their final response.")
    writer.sample(published.life.inFlight.count)
    writer.family(
      "wiretally_http_oldest_request_seconds", .gauge, "How long the first of the active requests has waited."
    )
    writer.sample(published.life.inFlight.oldest ?? 0, per: 1_000_000_000)
    writer.family(
      "wiretally_http_unmatched_responses", .counter, "Final responses without an observed request.")
    writer.sample(totals.unmatchedResponses)
    writer.family(
      "http_server_request_duration_seconds", .histogram,
      "Request head seen to response head seen, on this machine's wire.")
    writer.histogram(
      [("url_scheme", "http")], bounds: LatencyDistribution.bounds, counts: traffic.latencies.counts,
      sum: traffic.latencies.sum)
  }

  /// Requests by the version of HTTP, and gRPC's calls.
  private func addProtocols(_ totals: TrafficTotals, to writer: inout some MetricsSink) {
    writer.family("wiretally_http_protocol_requests", .counter, "Requests by the version of HTTP.")
    for entry in totals.protocols {
      writer.sample(entry.requests, ["network_protocol_version": entry.version.number])
    }
    writer.family("wiretally_grpc_requests", .counter, "Requests that are gRPC calls.")
    writer.sample(totals.calls.requests)
    writer.family("wiretally_grpc_statuses", .counter, "gRPC calls by the status that they ended with.")
    for status in totals.calls.statuses {
      writer.sample(status.count, ["rpc_response_status_code": status.name])
    }
  }

  /// The registered methods that were seen, and all others under one name, as OpenTelemetry asks.
  private var methods: [NamedCount] {
    var counts: [NamedCount] = []
    var rest: UInt64 = 0
    for (method, count) in zip(Method.allCases, published.traffic.methods) {
      if method == .other {
        rest = count
      } else if count > 0 {
        counts.append(NamedCount(name: method.name, count: count))
      }
    }
    return counts + [NamedCount(name: SiteLedger.otherName, count: rest)]
  }

  private func addSites(to writer: inout some MetricsSink) {
    let listing = published.sites
    let sites = listing.sites.sorted { $0.name < $1.name }
    let rows = sites.map { ($0.name, $0.outcomes) } + [(SiteLedger.otherName, listing.other)]
    writer.family(
      "wiretally_site_requests", .counter,
      "Requests of the sites that are listed, since they are; of all others in \(SiteLedger.otherName).")
    for (name, outcomes) in rows { writer.sample(outcomes.requests, ["site": name]) }
    writer.family("wiretally_site_exchanges", .counter, "How requests of sites ended.")
    for (name, outcomes) in rows {
      writer.sample(outcomes.successes, ["site": name, "outcome": "success"])
      writer.sample(outcomes.failures, ["site": name, "outcome": "failure"])
      writer.sample(outcomes.unanswered.aborted, ["site": name, "outcome": "aborted"])
      writer.sample(outcomes.unanswered.timedOut, ["site": name, "outcome": "timed_out"])
      writer.sample(outcomes.unanswered.unknown, ["site": name, "outcome": "unknown"])
    }
    addKinds(rows.map { ($0.0, $0.1.kinds) }, to: &writer)
    writer.family(
      "wiretally_site_request_duration_seconds", .histogram,
      "As http_server_request_duration_seconds, of listed sites.")
    for site in sites {
      writer.histogram(
        [("site", site.name)], bounds: LatencyDistribution.bounds, counts: site.latencies.counts,
        sum: site.latencies.sum)
    }
    writer.family(
      "wiretally_site_undercount_max", .gauge,
      "By how much wiretally_site_requests_total of a site may be too low for the whole watch.")
    for site in sites { writer.sample(site.undercountMax, ["site": site.name]) }
    writer.family(
      "wiretally_site_requests_unlisted", .gauge,
      "Requests in site counters that are shown no more: with the others, all requests.")
    writer.sample(listing.unlisted)
    writer.family("wiretally_sites_listed", .gauge, "Sites with counters of their own.")
    writer.sample(UInt64(sites.count))
  }
}

extension MetricsPage {
  /// What sites were asked by method and by version, and how they answered by class. Of a site, what was never seen has no
  /// sample, so that a site that only knows GET has one.
  private func addKinds(_ rows: [(name: String, kinds: RequestKinds)], to writer: inout some MetricsSink) {
    let methods = RequestKinds.methods.map(\.name) + [SiteLedger.otherName]
    let versions = RequestKinds.versions.map(\.number)
    let classes = (1...5).map { "\($0)xx" } + [SiteLedger.otherName]
    writer.family("wiretally_site_method_requests", .counter, "Requests of sites by method.")
    for (name, kinds) in rows {
      for (method, count) in zip(methods, kinds.methods) where count > 0 {
        writer.sample(count, ["site": name, "http_request_method": method])
      }
    }
    writer.family("wiretally_site_protocol_requests", .counter, "Requests of sites by the version of HTTP.")
    for (name, kinds) in rows {
      for (version, count) in zip(versions, kinds.versions) where count > 0 {
        writer.sample(count, ["site": name, "network_protocol_version": version])
      }
    }
    writer.family(
      "wiretally_site_responses", .counter,
      "Final responses of listed sites by class of status; all other responses in \(SiteLedger.otherName).")
    for (name, kinds) in rows {
      for (digits, count) in zip(classes, kinds.responses) where count > 0 {
        writer.sample(count, ["site": name, "http_response_status_class": digits])
      }
    }
  }
}

/// The counts of a listener.
struct ListenerCounts: Equatable, Sendable {
  /// Connections open now.
  var connections: UInt64 = 0
  /// Connections and event streams refused because there were too many.
  var refused: UInt64 = 0
  /// Connections ended because they were too slow.
  var expired: UInt64 = 0
}
