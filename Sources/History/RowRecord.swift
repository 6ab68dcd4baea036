// SPDX-License-Identifier: Apache-2.0

import Owners
import Statistics

/// The rows of an interval's tables in a record.
extension RecordWriter {
  mutating func site(_ site: SiteCounts) {
    text(site.name)
    for value in [site.requests, site.overcountMax, site.successes, site.failures] { number(value) }
    unanswered(site.unanswered)
    latency(site.latency)
    codes(site.detail)
    list(site.sections) { $0.named(NamedCount(name: $1.name, count: $1.requests)) }
    list(site.calls) { $0.call($1) }
    list(site.owners) { writer, owner in
      writer.optional(owner.process) { $0.process($1) }
      writer.number(owner.requests)
      writer.number(owner.failures)
    }
  }

  /// What of these sections is not among the sites' rows; it is at the record's end.
  mutating func outcomes(of sections: [SectionCounts]) {
    for section in sections {
      optional(section.isRequestsOnly ? nil : section) { writer, section in
        for value in [section.successes, section.failures] { writer.number(value) }
        writer.unanswered(section.unanswered)
        writer.latency(section.latency)
        writer.codes(section.detail)
      }
    }
  }

  private mutating func call(_ call: CallCounts) {
    text(call.name)
    for value in [call.requests, call.successes, call.failures] { number(value) }
    unanswered(call.unanswered)
    list(call.statuses) { $0.named($1) }
    latency(call.latency)
    codes(call.detail)
  }

  mutating func client(_ client: ClientCounts) {
    fixed64(client.high)
    fixed64(client.low)
    let values = [
      client.requests, client.overcountMax, client.successes, client.failures, client.slowest,
    ]
    for value in values { number(value) }
    unanswered(client.unanswered)
  }

  mutating func owner(_ owner: OwnerCounts) {
    byte(owner.role == .server ? 0 : 1)
    optional(owner.process) { $0.process($1) }
    for value in [owner.requests, owner.successes, owner.failures] { number(value) }
    unanswered(owner.unanswered)
    latency(owner.latency)
    codes(owner.detail)
    number(owner.inFlight)
  }

  private mutating func process(_ process: OwnerProcess) {
    text(process.owner.process)
    for name in [process.owner.unit, process.owner.container, process.owner.pod] {
      optional(name) { $0.text($1) }
    }
    optional(process.process) { $0.number(UInt64($1)) }
  }
}

extension RecordReader {
  mutating func site() throws(RecordFault) -> SiteCounts {
    var site = SiteCounts(name: try text())
    site.requests = try tally()
    site.overcountMax = try tally()
    site.successes = try tally()
    site.failures = try tally()
    site.unanswered = try unanswered()
    site.latency = try latency()
    site.detail = try codes(below: CodeCounts.rowCodes)
    site.sections = try list { (reader) throws(RecordFault) in
      let named = try reader.named()
      var section = SectionCounts(name: named.name, requests: named.count)
      section.isRequestsOnly = true
      return section
    }
    site.calls = try list { (reader) throws(RecordFault) in try reader.call() }
    site.owners = try list { (reader) throws(RecordFault) in
      var owner = SiteOwner(
        process: try reader.optional { (reader) throws(RecordFault) in try reader.process() })
      owner.requests = try reader.tally()
      owner.failures = try reader.tally()
      return owner
    }
    return site
  }

  mutating func outcomes(of section: inout SectionCounts) throws(RecordFault) {
    guard try flag() else { return }
    section.isRequestsOnly = false
    section.successes = try tally()
    section.failures = try tally()
    section.unanswered = try unanswered()
    section.latency = try latency()
    section.detail = try codes(below: CodeCounts.rowCodes)
  }

  private mutating func call() throws(RecordFault) -> CallCounts {
    try beginCall()
    var call = CallCounts(name: try text())
    call.requests = try tally()
    call.successes = try tally()
    call.failures = try tally()
    call.unanswered = try unanswered()
    call.statuses = try list { (reader) throws(RecordFault) in try reader.named() }
    call.latency = try latency()
    call.detail = try codes(below: CodeCounts.rowCodes)
    return call
  }

  mutating func client() throws(RecordFault) -> ClientCounts {
    let high = try fixed64()
    var client = ClientCounts(high: high, low: try fixed64())
    client.requests = try tally()
    client.overcountMax = try tally()
    client.successes = try tally()
    client.failures = try tally()
    client.slowest = try number()
    client.unanswered = try unanswered()
    return client
  }

  mutating func owner() throws(RecordFault) -> OwnerCounts {
    let role: OwnerCounts.Role = try flag() ? .client : .server
    let process = try optional { (reader) throws(RecordFault) in try reader.process() }
    var owner = OwnerCounts(role: role, process: process)
    owner.requests = try tally()
    owner.successes = try tally()
    owner.failures = try tally()
    owner.unanswered = try unanswered()
    owner.latency = try latency()
    owner.detail = try codes(below: CodeCounts.rowCodes)
    owner.inFlight = try tally()
    return owner
  }

  private mutating func process() throws(RecordFault) -> OwnerProcess {
    var owner = Owner(process: try text())
    owner.unit = try optional { (reader) throws(RecordFault) in try reader.text() }
    owner.container = try optional { (reader) throws(RecordFault) in try reader.text() }
    owner.pod = try optional { (reader) throws(RecordFault) in try reader.text() }
    let number = try optional { (reader) throws(RecordFault) in
      try reader.number(upTo: UInt64(UInt32.max))
    }
    return OwnerProcess(owner: owner, process: number.map { UInt32($0) })
  }
}
