// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text

/// The posts to an Alertmanager, and when they are due: alerts that are raised, again and again while they
/// are active, and once that they recovered. It looks at no clock.
///
/// An active alert is posted with an end that lies ahead, so that it ends by itself when nobody posts it
/// any more; the rules bound how many there are.
package struct AlertmanagerAlerts: Sendable {
  /// Nanoseconds from one post to the next while an alert is active.
  package static let repeatEvery: UInt64 = 60_000_000_000
  /// Nanoseconds from a post to the end that it gives an active alert.
  package static let expiry: UInt64 = 300_000_000_000
  /// The first wait after a failure; it doubles, up to `repeatEvery`.
  package static let firstRetry: UInt64 = 1_000_000_000

  private struct Alert {
    var notice: DeliveryMessage
    /// The time when the recovery was noticed; nil while it is active.
    var recovered: UInt64?
    /// Whether a post with it was taken.
    var isReported = false
  }

  private let instance: String
  private let interface: String
  private var alerts: [Alert] = []
  private var due: UInt64?
  private var retry = firstRetry
  /// Recoveries that were never taken; the alerts have ended by themselves since.
  package private(set) var forgotten: UInt64 = 0

  package init(instance: String, interface: String) {
    self.instance = instance
    self.interface = interface
  }

  /// The time when to post next; nil when there is nothing to say. All times are nanoseconds on one clock that
  /// nobody sets.
  package var nextPost: UInt64? { due }

  /// Whether there is a change that no post has reported yet.
  package var hasNews: Bool { alerts.contains { !$0.isReported } }

  /// Takes a change in.
  package mutating func take(_ notice: DeliveryMessage, at now: UInt64) {
    let isRecovery = notice["state"] == AlertTransition.State.recovered.rawValue
    let alert = Alert(notice: notice, recovered: isRecovery ? now : nil)
    if let index = alerts.firstIndex(where: { Self.isSame($0.notice, notice) }) {
      alerts[index] = alert
    } else {
      alerts.append(alert)
    }
    // After failures the wait that is under way holds for this one too.
    if due == nil || retry == Self.firstRetry { due = now }
  }

  /// The post was taken.
  package mutating func posted(at now: UInt64) {
    alerts.removeAll { $0.recovered != nil }
    for index in alerts.indices { alerts[index].isReported = true }
    retry = Self.firstRetry
    due = alerts.isEmpty ? nil : now &+ Self.repeatEvery
  }

  /// The post failed: it is tried again, later each time; a recovery only until the alert has ended by
  /// itself.
  package mutating func failed(at now: UInt64) {
    let before = alerts.count
    alerts.removeAll { alert in alert.recovered.map { now &- $0 >= Self.expiry } ?? false }
    forgotten &+= UInt64(before - alerts.count)
    due = alerts.isEmpty ? nil : now &+ retry
    retry = min(retry &* 2, Self.repeatEvery)
  }

  /// The body of a post at a moment of the wall clock, nanoseconds since 1970 (Alertmanager's API, version 2).
  package func body(at wall: UInt64) -> [UInt8] {
    var json = JSONWriter()
    json.beginArray()
    for alert in alerts { write(alert, wall, to: &json) }
    json.endArray()
    return json.text.bytes
  }

  private func write(_ alert: Alert, _ wall: UInt64, to json: inout JSONWriter) {
    let notice = alert.notice
    json.beginObject()
    // What changes while an alert lasts is no label: it would make another alert of it.
    json.key("labels")
    json.beginObject()
    let labels = [
      ("alertname", notice["rule"]), ("instance", instance), ("interface", interface),
      ("severity", notice["severity"]), ("site", notice["site"]), ("section", notice["section"]),
      ("client", notice["client"]),
      ("process", notice["owner_process"]),
      ("unit", notice["owner_unit"]), ("container", notice["owner_container"]),
    ]
    for case (let name, let value?) in labels where !value.isEmpty { json.member(name, value) }
    json.endObject()
    json.key("annotations")
    json.beginObject()
    let annotations = [("summary", "text"), ("value", "value"), ("threshold", "threshold"), ("lost", "lost")]
    for (name, field) in annotations + [("top_site", "top_site"), ("id", "id"), ("recording", "recording")] {
      if let value = notice[field], !value.isEmpty { json.member(name, value) }
    }
    json.endObject()
    // Alertmanager takes no alert that ends before its start, nor ends one that ends later than now: the wall clock
    // may have been set back since the notice. Its texts sort as their times do.
    let now = CalendarTime.rfc3339(wall), started = notice["started"] ?? ""
    json.member("startsAt", min(started, now))
    let end =
      alert.recovered == nil ? CalendarTime.rfc3339(wall &+ Self.expiry) : min(notice["at"] ?? "", now)
    json.member("endsAt", max(end, min(started, now)))
    json.endObject()
  }

  /// Whether two notices are about one rule.
  private static func isSame(_ a: DeliveryMessage, _ b: DeliveryMessage) -> Bool {
    ["rule", "site", "section", "client", "owner_process", "owner_unit", "owner_container"].allSatisfy {
      a[$0] == b[$0]
    }
  }
}
