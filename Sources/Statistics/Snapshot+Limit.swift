// SPDX-License-Identifier: Apache-2.0

extension Snapshot {
  /// The same with this many sites and clients listed, those with the most requests; the rest belongs to no listed one.
  package func limited(to top: Int?) -> Snapshot {
    guard let top, sites.count > top || clients.count > top else { return self }
    var limited = self
    limited.sites = Array(sites.prefix(max(0, top)))
    for site in sites.dropFirst(limited.sites.count) { limited.other.add(site) }
    limited.clients = Array(clients.prefix(max(0, top)))
    for client in clients.dropFirst(limited.clients.count) { limited.otherClients.add(client) }
    return limited
  }
}

extension OtherSites {
  /// Adds a site that is not listed.
  mutating func add(_ site: SiteCounts) {
    sites &+= 1
    addOutcomes(of: site)
    requests &-= site.overcountMax
  }
}

extension OtherClients {
  /// Adds a client that is not listed.
  mutating func add(_ client: ClientCounts) {
    clients &+= 1
    requests &+= client.requests &- client.overcountMax
  }
}
