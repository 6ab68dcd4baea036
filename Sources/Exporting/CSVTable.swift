// SPDX-License-Identifier: Apache-2.0

import Owners
import Statistics
import Text

/// Tables as CSV (RFC 4180): a line of names, then a line a row; times in seconds, empty where there is none.
///
/// Names come off the wire: they are quoted, and one that a spreadsheet would take for a formula begins with an apostrophe.
struct CSVTable {
  private var text = ByteText()

  var bytes: [UInt8] { text.bytes }

  /// The sites of a snapshot, in its order.
  static func sites(_ life: Snapshot) -> CSVTable {
    var table = CSVTable()
    table.header("site", ["p50_seconds", "p90_seconds", "p99_seconds", "max_seconds"])
    for site in life.sites {
      table.name(site.name)
      table.counts([
        site.requests, site.overcountMax, site.successes, site.failures, site.unanswered.aborted,
        site.unanswered.timedOut, site.unanswered.unknown,
      ])
      table.seconds(site.latency)
      table.endLine()
    }
    return table
  }

  /// The sections of a snapshot's sites, in its order.
  static func sections(_ life: Snapshot) -> CSVTable {
    var table = CSVTable()
    table.text.append(
      "site,section,requests,successes,failures,aborted,timed_out,unknown,p50_seconds,p90_seconds,p99_seconds,"
        + "max_seconds")
    table.endLine()
    for site in life.sites {
      for section in site.sections {
        table.name(site.name)
        table.text.append(",")
        table.name(section.name)
        table.counts([
          section.requests, section.successes, section.failures, section.unanswered.aborted,
          section.unanswered.timedOut, section.unanswered.unknown,
        ])
        table.seconds(section.latency)
        table.endLine()
      }
    }
    return table
  }

  /// The clients of a snapshot, in its order.
  static func clients(_ life: Snapshot) -> CSVTable {
    var table = CSVTable()
    table.header("client", ["slowest_seconds"])
    for client in life.clients {
      table.name(client.address)
      table.counts([
        client.requests, client.overcountMax, client.successes, client.failures, client.unanswered.aborted,
        client.unanswered.timedOut, client.unanswered.unknown,
      ])
      table.seconds(client.slowest > 0 ? client.slowest : nil)
      table.endLine()
    }
    return table
  }

  /// The owners of a snapshot, in its order; none where nobody looks for them.
  static func owners(_ life: Snapshot) -> CSVTable {
    var table = CSVTable()
    table.header(
      "role,process,pid,unit,container,pod",
      ["p50_seconds", "p90_seconds", "p99_seconds", "max_seconds", "in_flight"])
    for owner in life.owners ?? [] {
      let process = owner.process
      table.text.append("\(owner.role.rawValue),")
      table.name(process?.owner.process ?? "")
      table.text.append(",\(process?.process.map { "\($0)" } ?? "")")
      for name in [process?.owner.unit, process?.owner.container, process?.owner.pod] {
        table.text.append(",")
        table.name(name ?? "")
      }
      // Owners are counted without error: who loses a place counts among the others.
      table.counts([
        owner.requests, 0, owner.successes, owner.failures, owner.unanswered.aborted,
        owner.unanswered.timedOut,
        owner.unanswered.unknown,
      ])
      table.seconds(owner.latency)
      table.counts([owner.inFlight])
      table.endLine()
    }
    return table
  }

  private mutating func header(_ name: String, _ times: [String]) {
    let counts = ["requests", "overcount_max", "successes", "failures", "aborted", "timed_out", "unknown"]
    text.append(([name] + counts + times).joined(separator: ","))
    endLine()
  }

  private mutating func name(_ name: String) {
    let isFormula = name.utf8.first.map { "=+-@".utf8.contains($0) } ?? false
    text.append(UInt8(ascii: "\""))
    if isFormula { text.append(UInt8(ascii: "'")) }
    for byte in name.utf8 {
      if byte == UInt8(ascii: "\"") { text.append(byte) }
      text.append(byte)
    }
    text.append(UInt8(ascii: "\""))
  }

  private mutating func counts(_ counts: [UInt64]) {
    for count in counts {
      text.append(UInt8(ascii: ","))
      text.append(count)
    }
  }

  private mutating func seconds(_ latency: LatencySummary) {
    for value in [latency.p50, latency.p90, latency.p99, latency.maximum] {
      seconds(latency.count > 0 ? value : nil)
    }
  }

  private mutating func seconds(_ nanoseconds: UInt64?) {
    text.append(UInt8(ascii: ","))
    guard let nanoseconds else { return }
    text.append(nanoseconds / 1_000_000_000)
    text.append(UInt8(ascii: "."))
    text.append(nanoseconds % 1_000_000_000, width: 9)
  }

  private mutating func endLine() { text.append("\r\n") }
}
