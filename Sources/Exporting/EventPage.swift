// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text
import Capture
import Exchanges
import Owners
import Reporting
import Statistics
import TLSCoverage

/// The numbers that the live page draws: an event of `/events`, one JSON object on one line.
///
/// Seconds are numbers with a fraction, times are seconds since 1970. The page shows every name as text,
/// never as markup.
struct EventPage {
  let published: PublishedState
  let health: Health
  /// What the tables are of: sites, clients, owners.
  var window = StatisticsWindow.all

  /// The numbers of the tables.
  private var numbers: Snapshot { published.numbers(window) ?? Snapshot() }

  /// An event for those who have the page already (`moments` is then 1) or for a newcomer (all).
  func render(moments: Int) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    addProgram(to: &json)
    json.key("moments")
    json.beginArray()
    for moment in published.history.suffix(moments) { Self.add(moment, to: &json) }
    json.endArray()
    addSites(to: &json)
    addClients(to: &json)
    addOwners(to: &json)
    addAlerts(to: &json)
    json.endObject()
    return Array("data: ".utf8) + json.text.bytes + Array("\n\n".utf8)
  }

  private func addProgram(to json: inout JSONWriter) {
    let totals = published.traffic.totals
    let life = published.life
    json.member("window", window.rawValue)
    json.member("version", published.version)
    json.member("backend", published.label.backend)
    json.member("source", published.label.source)
    json.member("ports", published.label.ports)
    json.key("at")
    json.seconds(published.at)
    json.key("started")
    json.seconds(published.started)
    json.key("faults")
    json.beginArray()
    for fault in health.faults { json.string(fault) }
    json.endArray()
    json.key("notices")
    json.beginArray()
    for notice in published.notices + published.capture.preCaptureDropTexts(published.label) {
      json.string(notice)
    }
    json.endArray()
    if let lines = published.tls?.lines, !lines.isEmpty {
      json.member("tls", lines.joined(separator: "; "))
    }
    json.member("requests", totals.requests)
    json.member("successes", totals.successes)
    json.member("failures", totals.failures)
    json.member("aborted", totals.unanswered.aborted)
    json.member("timedOut", totals.unanswered.timedOut)
    json.member("unknown", totals.unanswered.unknown)
    json.member("inFlight", life.inFlight.count)
    json.key("oldestInFlight")
    if let oldest = life.inFlight.oldest { json.seconds(oldest) } else { json.null() }
    json.member("packets", published.capture.packets)
    json.member("matched", published.capture.matched)
    json.member("lost", published.capture.lost)
    json.member("duplicates", published.ledger.duplicates)
    if life.totals.requests == 0 {
      json.member("silence", SilenceReason(life, label: published.label).sentence)
    }
    for (name, counts) in [
      ("methods", life.methods.map { ($0.name, $0.count) }),
      ("statuses", life.statuses.map { ("\($0.status)", $0.count) }),
    ] {
      json.key(name)
      json.beginArray()
      for (name, count) in counts.prefix(8) {
        json.beginArray()
        json.string(name)
        json.number(count)
        json.endArray()
      }
      json.endArray()
    }
  }

  /// A point of the graphs: end, seconds, requests, failures, lost, answered, p50, p99.
  private static func add(_ moment: Sample, to json: inout JSONWriter) {
    json.beginArray()
    json.seconds(moment.at)
    json.seconds(moment.elapsed)
    json.number(moment.totals.requests)
    json.number(moment.totals.failures)
    json.number(moment.lost)
    json.number(moment.latency.count)
    json.seconds(moment.latency.p50)
    json.seconds(moment.latency.p99)
    json.endArray()
  }

  /// The listed sites, the fastest first, with the life's latencies, or the window's sites, the busiest first.
  private func addSites(to json: inout JSONWriter) {
    guard window == .all else { return addSites(of: numbers, to: &json) }
    let life = Dictionary(published.life.sites.map { ($0.name, $0) }) { first, _ in first }
    json.key("sites")
    json.beginArray()
    for site in published.sites.sites.prefix(20) {
      json.beginObject()
      json.member("site", site.name)
      json.key("pace")
      json.number(site.pace)
      json.member("requests", site.outcomes.requests)
      json.member("failures", site.outcomes.failures)
      json.member("answered", site.outcomes.failures &+ site.outcomes.successes)
      json.member("aborted", site.outcomes.unanswered.aborted)
      json.member("timedOut", site.outcomes.unanswered.timedOut)
      json.member("unknown", site.outcomes.unanswered.unknown)
      Self.addCounted(site, to: &json)
      if let counts = life[site.name] { Self.add(counts, to: &json) }
      json.endObject()
    }
    json.endArray()
    json.key("others")
    json.number(published.sites.other.requests &+ published.sites.unlisted)
  }

  private func addSites(of numbers: Snapshot, to json: inout JSONWriter) {
    let listed = Dictionary(published.sites.sites.map { ($0.name, $0) }) { first, _ in first }
    let seconds = max(Double(numbers.end &- numbers.start) / 1e9, 1e-9)
    json.objects("sites", of: numbers.sites.prefix(20)) { json, site in
      json.member("site", site.name)
      json.key("pace")
      json.number(Double(site.requests) / seconds)
      json.member("requests", site.requests)
      json.member("failures", site.failures)
      json.member("answered", site.failures &+ site.successes)
      json.member("aborted", site.unanswered.aborted)
      json.member("timedOut", site.unanswered.timedOut)
      json.member("unknown", site.unanswered.unknown)
      if let series = listed[site.name] { Self.addCounted(series, to: &json) }
      Self.add(site, to: &json)
    }
    let unlisted = numbers.sites.dropFirst(20).reduce(0) { $0 &+ $1.requests }
    json.member("others", numbers.other.requests &+ unlisted)
  }

  /// Requests and failures since the site was listed, of which a reader makes its rate second by second.
  private static func addCounted(_ site: SiteSeries, to json: inout JSONWriter) {
    json.key("counted")
    json.beginArray()
    json.number(site.outcomes.requests)
    json.number(site.outcomes.failures)
    json.endArray()
  }

  /// What the totals have of a site: its latencies and its sections, those with the most requests first: name, requests,
  /// failures, answered, p50, p99.
  private static func add(_ site: SiteCounts, to json: inout JSONWriter) {
    let latency = site.latency
    if latency.count > 0 {
      for (name, value) in [
        ("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("max", latency.maximum),
      ] {
        json.key(name)
        json.seconds(value)
      }
    }
    json.key("sections")
    json.beginArray()
    for section in site.sections.prefix(sectionsShown) {
      json.beginArray()
      json.string(section.name)
      json.number(section.requests)
      json.number(section.failures)
      json.number(section.failures &+ section.successes)
      for value in [section.latency.p50, section.latency.p99] {
        if section.latency.count > 0 { json.seconds(value) } else { json.null() }
      }
      json.endArray()
    }
    json.endArray()
    guard !site.owners.isEmpty else { return }
    json.member("served", site.owners.reduce(0) { $0 &+ $1.requests })
    json.objects("owners", of: site.owners.prefix(ownersShown)) { json, owner in
      json.member("process", owner.process?.owner.process ?? "")
      json.member("where", owner.process?.owner.place ?? "")
      json.member("requests", owner.requests)
      json.member("failures", owner.failures)
    }
  }

  /// Owners of a site in an event.
  private static let ownersShown = 5

  /// Sections of a site in an event, which every reader gets each second.
  private static let sectionsShown = 10

  /// The clients with the most requests.
  private func addClients(to json: inout JSONWriter) {
    json.objects("clients", of: numbers.clients.prefix(20)) { json, client in
      json.member("client", client.address)
      json.member("requests", client.requests)
      json.member("failures", client.failures)
      json.member("answered", client.failures &+ client.successes)
      if client.slowest > 0 {
        json.key("slowest")
        json.seconds(client.slowest)
      }
    }
    json.member("otherClients", numbers.otherClients.requests)
  }

  /// The processes with the most requests, on each side; nothing where nobody looks for them.
  private func addOwners(to json: inout JSONWriter) {
    guard let owners = numbers.owners else { return }
    let shown = [OwnerCounts.Role.server, .client].flatMap { role in
      owners.filter { $0.role == role }.prefix(20)
    }
    json.objects("owners", of: shown) { json, owner in
      json.member("role", owner.role.rawValue)
      json.member("process", owner.process?.owner.process ?? "")
      json.member("where", owner.process?.owner.place ?? "")
      if let process = owner.process?.process { json.member("pid", UInt64(process)) }
      json.member("requests", owner.requests)
      json.member("failures", owner.failures)
      json.member("answered", owner.failures &+ owner.successes)
      json.member("inFlight", owner.inFlight)
      if owner.latency.count > 0 {
        json.key("p50")
        json.seconds(owner.latency.p50)
        json.key("p99")
        json.seconds(owner.latency.p99)
      }
    }
  }

  private func addAlerts(to json: inout JSONWriter) {
    json.key("alerts")
    json.beginArray()
    for alert in published.alerts {
      json.beginObject()
      json.member("rule", alert.rule)
      if let subject = alert.subject { json.member("subject", subject) }
      json.key("since")
      if let since = alert.since { json.seconds(since) } else { json.null() }
      json.member("reading", alert.reading)
      if let peak = alert.peak { json.member("peak", peak) }
      if let perSecond = alert.perSecond {
        json.key("perSecond")
        json.number(perSecond)
      }
      if let heldBack = alert.heldBack { json.member("heldBack", heldBack) }
      json.key("past")
      json.beginArray()
      for past in alert.past {
        json.beginArray()
        json.seconds(past.started)
        json.seconds(past.ended)
        json.endArray()
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
  }
}
