// SPDX-License-Identifier: Apache-2.0

import Owners
package import Reporting
import Statistics

/// The lists that a filter is for: each view has its own.
enum FilteredList: Hashable {
  case sites, sections, clients, owners, exchanges

  /// What its rows are.
  var name: String {
    switch self {
    case .sites: "sites and sections"
    case .sections: "sections"
    case .clients: "clients"
    case .owners: "processes"
    case .exchanges: "exchanges"
    }
  }

  /// What conditions can be about.
  var scope: FilterScope {
    switch self {
    case .sites: FilterScope([.site, .path], name: "the list of sites", hint: Self.hint)
    case .sections: FilterScope([.site, .path], name: "the list of sections", hint: Self.hint)
    case .clients: FilterScope([.client], name: "the list of clients", hint: Self.hint)
    case .owners:
      FilterScope([.process, .unit, .container, .pod], name: "the list of processes", hint: Self.hint)
    case .exchanges: .exchange
    }
  }

  /// Single exchanges have what the tables do not.
  private static let hint = "esc, l: exchanges"
}

/// A row of a table as conditions see it.
struct TableSubject: FilterSubject {
  var site = ""
  /// The section, which stands for the path.
  var section = ""
  var client = ""
  var owner: Owner?

  func text(_ field: ExchangeFilter.Field) -> ArraySlice<UInt8> {
    switch field {
    case .site: Array(site.utf8)[...]
    case .path: Array(section.utf8)[...]
    case .client: Array(client.utf8)[...]
    case .process: Self.bytes(owner?.process)
    case .unit: Self.bytes(owner?.unit)
    case .container: Self.bytes(owner?.container)
    case .pod: Self.bytes(owner?.pod)
    case .method, .status, .latency, .bytes: []
    }
  }

  func number(_ field: ExchangeFilter.Field) -> UInt64? { nil }

  /// Empty for a name that an owner does not have, or whose owner is not known.
  private static func bytes(_ name: String?) -> ArraySlice<UInt8> { Array((name ?? "").utf8)[...] }
}

extension SiteCounts {
  /// One for each section that is known, or one without any.
  var subjects: [TableSubject] {
    sections.isEmpty
      ? [TableSubject(site: name)] : sections.map { TableSubject(site: name, section: $0.name) }
  }
}

extension ExchangeLine: FilterSubject {
  package func text(_ field: ExchangeFilter.Field) -> ArraySlice<UInt8> {
    switch field {
    case .site: Array(site.utf8)[...]
    case .path: isUnmatched ? [] : TargetPath.of(Array(path.utf8)[...])
    case .client: Array(client.utf8)[...]
    case .method: isUnmatched ? [] : Array(method.utf8)[...]
    case .status, .latency, .bytes, .process, .unit, .container, .pod: []
    }
  }

  package func number(_ field: ExchangeFilter.Field) -> UInt64? {
    switch field {
    case .status: status > 0 ? UInt64(status) : nil
    case .latency: hasLatency ? latency : nil
    case .bytes: status > 0 ? bytes : nil
    case .site, .path, .client, .method, .process, .unit, .container, .pod: nil
    }
  }
}
