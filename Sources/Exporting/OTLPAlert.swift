// SPDX-License-Identifier: Apache-2.0

package import Alerting
package import Text

/// An alert raised or ended as a log record of OTLP (`ExportLogsServiceRequest`).
package struct OTLPAlert {
  private let change: AlertTransition
  private let origin: OTLPMetrics.Origin

  /// - Parameters:
  ///   - version: the program's.
  ///   - host: what the machine calls itself.
  package init(_ change: AlertTransition, version: String, host: String) {
    self.change = change
    origin = OTLPMetrics.Origin(version: version, host: host, started: change.started, at: change.at)
  }

  /// The request; its text has the times of `zone`.
  package func request(_ zone: DisplayZone = .local) -> [UInt8] {
    var json = OTLPEnvelope.begun("resourceLogs", "scopeLogs", "logRecords", origin)
    json.beginObject()
    json.integer("timeUnixNano", change.at)
    json.integer("observedTimeUnixNano", change.at)
    let isRaised = change.state == .raised
    // WARN and INFO, as the data model numbers severities.
    json.member("severityNumber", isRaised ? 13 : 9)
    json.member("severityText", isRaised ? "WARN" : "INFO")
    json.member("eventName", "wiretally.alert")
    json.key("body")
    json.beginObject()
    json.member("stringValue", change.sentence(zone))
    json.endObject()
    json.key("attributes")
    var attributes = [
      ("wiretally.alert.state", change.state.rawValue), ("wiretally.alert.rule", change.rule),
      ("wiretally.alert.id", change.id), ("wiretally.alert.severity", change.about.severity),
    ]
    if let site = change.site { attributes.append(("server.address", site)) }
    if let section = change.about.section { attributes.append(("wiretally.alert.section", section)) }
    OTLPEnvelope.attributes(attributes, to: &json)
    json.endObject()
    return OTLPEnvelope.ended(&json)
  }
}
