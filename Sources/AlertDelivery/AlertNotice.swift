// SPDX-License-Identifier: Apache-2.0

package import Alerting
package import Text

extension DeliveryMessage {
  /// A change of an alert, as commands and Alertmanagers receive it.
  ///
  /// - Parameters:
  ///   - json: its JSON line.
  ///   - topSite: the most visited site of the interval that brought it.
  ///   - origin: where the watch runs; nil for files.
  package init(
    _ change: AlertTransition, json: [UInt8], topSite: String?, origin: AlertOrigin? = nil,
    zone: DisplayZone = .local
  ) {
    self.init()
    let unit = change.about.unit
    self["state"] = change.state.rawValue
    self["rule"] = change.rule
    self["site"] = change.site ?? ""
    self["section"] = change.about.section ?? ""
    self["client"] = change.about.client ?? ""
    for (name, value) in change.about.subjectFields where self[name] == nil { self["owner_\(name)"] = value }
    self["severity"] = change.about.severity
    self["measure"] = change.about.measure.name
    self["unit"] = unit.name
    self["value"] = DecimalText.shortest(unit.number(change.hits))
    self["threshold"] = DecimalText.shortest(unit.number(change.threshold))
    self["at"] = CalendarTime.rfc3339(change.at)
    self["started"] = CalendarTime.rfc3339(change.started)
    self["lost"] = "\(change.lost)"
    self["id"] = change.id
    self["top_site"] = topSite ?? ""
    self["recording"] = change.recording
    self["host"] = origin?.host
    self["interface"] = origin?.interface
    self["text"] = change.sentence(zone)
    self["json"] = String(decoding: json, as: UTF8.self)
  }
}
