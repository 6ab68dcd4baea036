// SPDX-License-Identifier: Apache-2.0

import System

/// The address of a client.
struct ClientAddress: Comparable, Hashable {
  var high: UInt64
  var low: UInt64

  static func < (a: ClientAddress, b: ClientAddress) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension Timeline {
  /// One client, merged over the workers.
  private struct Client {
    var counts: ClientCounts
    /// The workers whose table it is in.
    var workers: [Int] = []

    var address: ClientAddress { ClientAddress(high: counts.high, low: counts.low) }
  }

  /// Lists the clients with the most requests; like sites', their counts keep the bounds of Space-Saving.
  func addClients(_ scope: WorkerReplica.Scope, top: Int?, to snapshot: inout Snapshot) {
    var clients = clients(scope)
    if scope == .life, replicas.count > 1 { raise(&clients) }
    clients.sort { ($1.counts.requests, $0.address) < ($0.counts.requests, $1.address) }
    for replica in replicas {
      let other = replica.clients.rows(scope).other
      snapshot.otherClients.clients &+= other.names
      snapshot.otherClients.requests &+= other.counts.requests
    }
    let listed = clients.prefix(top.map { max(0, $0) } ?? clients.count)
    for client in clients.dropFirst(listed.count) {
      snapshot.otherClients.add(client.counts)
    }
    snapshot.clients = listed.map(\.counts)
  }

  /// What the open interval brought to the clients that are watched; they have neither latencies nor statuses.
  var watchedClientTraffic: [WatchedTraffic] {
    guard !watchedClients.isEmpty else { return [] }
    var counts: [ClientAddress: WatchedTraffic] = [:]
    for (high, low) in watchedClients {
      counts[ClientAddress(high: high, low: low)] = WatchedTraffic(.client(high: high, low: low))
    }
    for replica in replicas {
      let rows = replica.clients.rows(.interval)
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        counts[replica.clients.address(slot)]?.add(rows.rows[slot].counts)
      }
    }
    return watchedClients.compactMap { counts[ClientAddress(high: $0.high, low: $0.low)] }
  }

  /// All rows of clients in use, added up by address.
  private func clients(_ scope: WorkerReplica.Scope) -> [Client] {
    var parts: [(address: ClientAddress, worker: Int, slot: Int)] = []
    for (worker, replica) in replicas.enumerated() {
      let rows = replica.clients.rows(scope)
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        parts.append((replica.clients.address(slot), worker, slot))
      }
    }
    parts.sort { ($0.address, $0.worker) < ($1.address, $1.worker) }
    var clients: [Client] = []
    for part in parts {
      let rows = replicas[part.worker].clients.rows(scope)
      let row = rows.rows[part.slot]
      // As for sites: an interval's row begins with the interval, and what was inherited is among what lost its row.
      let error = scope == .life ? min(row.error, rows.other.counts.requests) : 0
      if clients.last?.address != part.address {
        clients.append(Client(counts: ClientCounts(high: part.address.high, low: part.address.low)))
      }
      let last = clients.count - 1
      clients[last].workers.append(part.worker)
      clients[last].counts.requests &+= row.counts.requests &+ error
      clients[last].counts.overcountMax &+= error
      clients[last].counts.successes &+= row.counts.successes
      clients[last].counts.failures &+= row.counts.failures
      clients[last].counts.unanswered.add(row.counts.unanswered)
      clients[last].counts.slowest = max(clients[last].counts.slowest, row.maximum)
    }
    return clients
  }

  /// A worker whose table lacks a client may have seen it as often as it did any other address without a row.
  private func raise(_ clients: inout [Client]) {
    let floors = replicas.map { replica in
      let lost = replica.clients.life.other.counts.requests
      return lifeBefore == nil ? min(replica.clients.life.floor, lost) : lost
    }
    let most = floors.reduce(0, &+)
    guard most > 0 else { return }
    for index in clients.indices {
      let unseen = most &- clients[index].workers.reduce(0) { $0 &+ floors[$1] }
      clients[index].counts.requests &+= unseen
      clients[index].counts.overcountMax &+= unseen
    }
  }
}
