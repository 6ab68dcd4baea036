// SPDX-License-Identifier: Apache-2.0

import Alerting
package import Owners
import Statistics
import Text

/// Owners in words: on pages, in columns, as members of JSON.
package enum OwnerText {
  /// One word: `nginx@nginx.service`, `python3@docker:0123456789ab`, `curl`, or `?`.
  static func column(_ process: OwnerProcess?) -> String {
    guard let owner = process?.owner else { return "?" }
    let text = owner.place.map { "\(owner.process)@\($0)" } ?? owner.process
    return text.contains(" ") ? OwnerCondition.column(text) : text
  }

  /// A few words: `nginx (nginx.service, pid 812)`.
  package static func words(_ process: OwnerProcess?) -> String {
    guard let process else { return "? (another machine, or not known)" }
    let remarks = [process.owner.place, process.process.map { "pid \($0)" }].compactMap { $0 }
    return process.owner.process + (remarks.isEmpty ? "" : " (\(remarks.joined(separator: ", ")))")
  }
}

extension JSONWriter {
  /// Who one end of an exchange belongs to, or null.
  mutating func owner(_ name: String, _ process: OwnerProcess?) {
    key(name)
    guard let process else { return null() }
    beginObject()
    ownerMembers(process)
    endObject()
  }

  /// The members that name an owner.
  mutating func ownerMembers(_ process: OwnerProcess?) {
    text("process", process?.owner.process)
    key("pid")
    if let pid = process?.process { number(UInt64(pid)) } else { null() }
    text("unit", process?.owner.unit)
    text("container", process?.owner.container)
    text("pod", process?.owner.pod)
  }

  /// Who served a site.
  mutating func siteOwners(_ owners: [SiteOwner]) {
    objects("owners", of: owners) { json, owner in
      json.ownerMembers(owner.process)
      json.member("requests", owner.requests)
      json.member("failures", owner.failures)
    }
  }

  /// Whose traffic an alert rule is about; nothing for all traffic.
  mutating func subject(_ rule: AlertRule) {
    if let site = rule.site { member("site", site) }
    if let section = rule.section { member("section", section) }
    if let client = rule.client { member("client", client) }
    guard let owners = rule.owners else { return }
    key("owner")
    beginObject()
    for (name, value) in owners.fields { member(name, value) }
    endObject()
  }

  private mutating func text(_ name: String, _ value: String?) {
    key(name)
    if let value { string(value) } else { null() }
  }
}

extension PageRenderer {
  /// The owners with the most requests, servers and clients; nothing when nobody looks for them.
  func addOwners(_ numbers: Snapshot, _ last: String = "", to text: inout ByteText) {
    guard let owners = numbers.owners, !owners.isEmpty else { return }
    for (role, title) in [(OwnerCounts.Role.server, "Serving Processes"), (.client, "Asking Processes")] {
      text.line("Top \(top) \(title)\(last):")
      for owner in owners.filter({ $0.role == role }).prefix(top) {
        let latency =
          owner.latency.count > 0
          ? ", p50 \(DecimalText.latency(owner.latency.p50)), p99 \(DecimalText.latency(owner.latency.p99))"
          : ""
        let inFlight = owner.inFlight > 0 ? ", in flight: \(owner.inFlight)" : ""
        text.line(
          "\(OwnerText.words(owner.process)) - Requests: \(owner.requests), failures: \(owner.failures)"
            + "\(latency)\(inFlight)",
          indent: 1)
      }
      text.line()
    }
  }
}
