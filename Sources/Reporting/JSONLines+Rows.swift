// SPDX-License-Identifier: Apache-2.0

import Statistics
import Text

/// The rows of an interval's tables as members of its line.
extension JSONWriter {
  /// The listed sites, and what belongs to none of them.
  mutating func sites(_ snapshot: Snapshot) {
    objects("sites", of: snapshot.sites) { json, site in
      json.member("site", site.name)
      json.outcomes(site.requests, site.successes, site.failures)
      json.unanswered(site.unanswered)
      json.member("overcountMax", site.overcountMax)
      json.sections(site.sections)
      json.latency("latency", site.latency)
      if !site.calls.isEmpty { json.calls(site.calls) }
      if !site.owners.isEmpty { json.siteOwners(site.owners) }
    }
    key("other")
    beginObject()
    member("sites", snapshot.other.sites)
    member("requests", snapshot.other.requests)
    endObject()
  }

  private mutating func sections(_ sections: [SectionCounts]) {
    objects("sections", of: sections) { json, section in
      json.member("section", section.name)
      if section.isRequestsOnly { return json.member("requests", section.requests) }
      json.outcomes(section.requests, section.successes, section.failures)
      // Not null as elsewhere: there may be thousands of sections.
      if section.latency.count > 0 { json.latency("latency", section.latency) }
    }
  }

  /// A site's gRPC methods.
  private mutating func calls(_ calls: [CallCounts]) {
    objects("grpc", of: calls) { json, call in
      json.member("method", call.name)
      json.outcomes(call.requests, call.successes, call.failures)
      json.key("statuses")
      json.beginObject()
      for status in call.statuses { json.member(status.name, status.count) }
      json.endObject()
      json.latency("latency", call.latency)
    }
  }

  /// The clients with the most requests, `most` of them, and what belongs to none of these.
  mutating func clients(_ snapshot: Snapshot, most: Int) {
    var other = snapshot.otherClients
    for client in snapshot.clients.dropFirst(most) {
      other.clients &+= 1
      other.requests &+= client.requests &- client.overcountMax
    }
    objects("clients", of: snapshot.clients.prefix(most)) { json, client in
      json.member("client", client.address)
      json.outcomes(client.requests, client.successes, client.failures)
      json.unanswered(client.unanswered)
      json.member("overcountMax", client.overcountMax)
      json.key("slowest")
      if client.slowest > 0 { json.seconds(client.slowest) } else { json.null() }
    }
    key("otherClients")
    beginObject()
    member("clients", other.clients)
    member("requests", other.requests)
    endObject()
  }

  /// The owners that served, and those that asked.
  mutating func owners(_ owners: [OwnerCounts]) {
    objects("owners", of: owners) { json, owner in
      json.member("role", owner.role.rawValue)
      json.ownerMembers(owner.process)
      json.member("requests", owner.requests)
      json.member("failures", owner.failures)
      json.member("inFlight", owner.inFlight)
      json.latency("latency", owner.latency)
    }
  }

  private mutating func outcomes(_ requests: UInt64, _ successes: UInt64, _ failures: UInt64) {
    member("requests", requests)
    member("successes", successes)
    member("failures", failures)
  }

  /// The requests that ended without a final response, by how.
  mutating func unanswered(_ requests: UnansweredRequests) {
    member("aborted", requests.aborted)
    member("timedOut", requests.timedOut)
    member("unknown", requests.unknown)
  }

  /// Latencies in seconds; null where nothing was answered.
  mutating func latency(_ name: String, _ latency: LatencySummary, withCount: Bool = false) {
    key(name)
    beginObject()
    if withCount { member("count", latency.count) }
    func value(_ name: String, _ value: UInt64) {
      key(name)
      if latency.count > 0 { seconds(value) } else { null() }
    }
    value("p50", latency.p50)
    value("p90", latency.p90)
    value("p99", latency.p99)
    value("max", latency.maximum)
    endObject()
  }
}
