// SPDX-License-Identifier: Apache-2.0

import Capture
import PcapCapture
package import Text

/// A diagnosis in words and as JSON.
extension Diagnosis {
  package func page(ports: String) -> ByteText {
    var text = ByteText()
    for check in checks {
      text.line("\(Self.padded(check.name)) \(check.found)")
      if let hint = check.hint { text.line("\(Self.padded("")) hint: \(hint)") }
    }
    text.line()
    for interface in interfaces {
      text.line("\(Self.padded(interface.name)) \(interface.linkName), \(interface.state)")
      // Devices that nobody asked about may be down for good reasons.
      if !interface.isUp, asked.contains(interface.name) {
        text.line("\(Self.padded("")) hint: sudo ip link set \(interface.name) up")
      }
    }
    text.line()
    for trial in trials {
      if let counters = trial.counters {
        text.line(
          "\(Self.padded(trial.name)) works: saw \(counters.packets) packets in 1 s, \(counters.onPort) TCP on "
            + "port \(ports), \(counters.requestHeads) requests and \(counters.responseHeads) responses")
      } else if let fault = trial.fault {
        text.line("\(Self.padded(trial.name)) \(fault.message)")
        if let hint = fault.hint { text.line("\(Self.padded("")) hint: \(hint)") }
      }
    }
    text.line()
    text.line(verdict)
    return text
  }

  /// Which backend would be used and why.
  package var verdict: String {
    guard let chosen else { return "Nothing can be captured here." }
    if chosen.name == trials.first?.name { return "wiretally would use \(chosen.name)." }
    return
      "wiretally would use \(chosen.name), because \(trials.first?.fault?.message ?? "the other one failed")."
  }

  package var json: JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.member("schema", 1)
    json.member("type", "doctor")
    json.objects("checks", of: checks) { json, check in
      json.member("name", check.name)
      json.member("state", check.state.rawValue)
      json.member("found", check.found)
      if let hint = check.hint { json.member("hint", hint) }
    }
    json.objects("interfaces", of: interfaces) { json, interface in
      json.member("name", interface.name)
      json.member("link", interface.linkName)
      json.member("state", interface.state)
    }
    json.objects("backends", of: trials) { json, trial in
      json.member("name", trial.name)
      json.key("works")
      json.bool(trial.counters != nil)
      if let counters = trial.counters {
        json.member("packets", counters.packets)
        json.member("onPort", counters.onPort)
        json.member("requestHeads", counters.requestHeads)
        json.member("responseHeads", counters.responseHeads)
      }
      if let fault = trial.fault {
        json.member("fault", fault.message)
        if let hint = fault.hint { json.member("hint", hint) }
      }
    }
    json.key("backend")
    if let chosen { json.string(chosen.name) } else { json.null() }
    json.member("verdict", verdict)
    json.endObject()
    json.newline()
    return json
  }

  private static func padded(_ name: String) -> String {
    name + String(repeating: " ", count: max(1, 26 - name.count))
  }
}

extension InterfaceState {
  /// What people call its kind of link layer; numbers of linux/if_arp.h.
  var linkName: String {
    switch kind {
    case 1: "Ethernet"
    case 772: "loopback"
    case 512: "PPP"
    case 65534: "raw IP (tunnel)"
    case 768, 769, 776, 778: "IP tunnel"
    case 801, 802, 803: "802.11"
    default: "link type \(kind)"
    }
  }

  var state: String { isUp ? (isRunning ? "up" : "up, no carrier") : "down" }
}
