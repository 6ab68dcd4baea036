// SPDX-License-Identifier: Apache-2.0
import Text
import Alerting
import AlertDelivery
import Statistics
import Testing

@Suite struct DeliveryMessageTests {
  @Test func `fields come back in their order, whatever is in them`() {
    var message = DeliveryMessage()
    message["a"] = ""
    message["b"] = "x=1\n\"é\" $(reboot)"
    message["c"] = "gone"
    message["c"] = nil
    message["a"] = "again"
    let back = DeliveryMessage(message.bytes)
    #expect(back == message)
    #expect(back.fields.map(\.name) == ["b", "a"])
    #expect(back["b"] == "x=1\n\"é\" $(reboot)" && back["a"] == "again" && back["c"] == nil)
  }

  @Test func `a zero byte ends no field, and what is too long loses whole fields`() {
    var message = DeliveryMessage()
    message["a"] = "1\u{0}b\u{0}2"
    message["long"] = String(repeating: "x", count: DeliveryMessage.limit)
    #expect(DeliveryMessage(message.bytes).fields.map(\.name) == ["a"])
    #expect(DeliveryMessage(message.bytes)["a"] == "1b2")
  }

  @Test(arguments: [[], [0], [0x61], [0x61, 0], [0x61, 0, 0x62], [0, 0, 0, 0, 0]] as [[UInt8]])
  func `bytes of another kind are no danger`(bytes: [UInt8]) {
    #expect(DeliveryMessage(bytes).fields.count <= 2)
  }

  @Test func `a change of an alert names everything that a command may want`() throws {
    let plan = try IntervalPlan(interval: 10_000_000_000)
    let rule = try AlertRuleParser(plan: plan, window: 10_000_000_000).rule(
      "p99 > 500ms site=a.example severity=page")
    var change = AlertTransition(
      state: .recovered, about: rule, at: 1_614_053_178_000_000_000, started: 1_614_053_000_000_000_000,
      hits: 250_000_000)
    change.lost = 3
    let message = DeliveryMessage(change, json: [0x7b, 0x7d], topSite: "b.example", zone: .fixed(0))
    let expected = [
      "state": "recovered", "rule": "high-p99", "site": "a.example", "section": "", "client": "",
      "severity": "page",
      "measure": "p99",
      "unit": "seconds", "value": "0.25", "threshold": "0.5", "at": "2021-02-23T04:06:18.000000Z",
      "started": "2021-02-23T04:03:20.000000Z", "lost": "3", "id": "high-p99-a.example-1614053000",
      "top_site": "b.example", "json": "{}",
      "text": "High latency alert for a.example recovered at: Tue, 23 Feb 2021 04:06:18",
    ]
    #expect(Dictionary(uniqueKeysWithValues: message.fields.map { ($0.name, $0.value) }) == expected)
    // Owners have fields of their own: the unit of measurement is another one.
    change.about = try AlertRuleParser(plan: plan, window: 10_000_000_000).rule(
      "p99 > 500ms unit=a process=b container=c")
    let owned = DeliveryMessage(change, json: [], topSite: nil)
    #expect(owned["site"] == "" && owned["unit"] == "seconds" && owned["owner_unit"] == "a.service")
    #expect(owned["owner_process"] == "b" && owned["owner_container"] == "c")
    change.about = try AlertRuleParser(plan: plan, window: 10_000_000_000).rule(
      "requests > 5 client=10.0.0.7")
    let asked = DeliveryMessage(change, json: [], topSite: nil)
    #expect(asked["client"] == "10.0.0.7" && asked["owner_client"] == nil)
    change.about = try AlertRuleParser(plan: plan, window: 10_000_000_000).rule(
      "requests > 5 section=/api site=b.example")
    let part = DeliveryMessage(change, json: [], topSite: nil)
    #expect(part["section"] == "/api" && part["site"] == "b.example" && part["owner_section"] == nil)
  }
}
