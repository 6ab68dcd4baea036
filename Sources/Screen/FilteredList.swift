// SPDX-License-Identifier: Apache-2.0

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
      FilterScope([], name: "the list of processes", hint: "type a part of a name, or ~ and an expression")
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

  func text(_ field: ExchangeFilter.Field) -> ArraySlice<UInt8> {
    switch field {
    case .site: Array(site.utf8)[...]
    case .path: Array(section.utf8)[...]
    case .client: Array(client.utf8)[...]
    case .method, .status, .latency, .bytes: []
    }
  }

  func number(_ field: ExchangeFilter.Field) -> UInt64? { nil }
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
    case .status, .latency, .bytes: []
    }
  }

  package func number(_ field: ExchangeFilter.Field) -> UInt64? {
    switch field {
    case .status: status > 0 ? UInt64(status) : nil
    case .latency: hasLatency ? latency : nil
    case .bytes: status > 0 ? bytes : nil
    case .site, .path, .client, .method: nil
    }
  }
}
