// SPDX-License-Identifier: Apache-2.0

package import Statistics
import Text

/// Whose traffic a rule is about, for those who show it.
extension AlertRule {
  /// The site, when the rule is about one or about a section of it.
  package var site: String? {
    switch subject {
    case .site(let name): name
    case .section(let section): section.site
    case .owners, .client, nil: nil
    }
  }

  /// The section, when the rule is about one.
  package var section: String? {
    if case .section(let section) = subject { section.path } else { nil }
  }

  /// What the owners are called, when the rule is about what they serve.
  package var owners: OwnerCondition? {
    if case .owners(let condition) = subject { condition } else { nil }
  }

  /// The client's address, when the rule is about one.
  package var client: String? {
    if case .client(let high, let low) = subject { AddressName.text(high: high, low: low) } else { nil }
  }

  /// The subject as labels have it: `site`, `section`, `client`, or `process`, `unit` and `container` as far as they were given.
  package var subjectFields: [(name: String, value: String)] {
    switch subject {
    case .site(let name): [("site", name)]
    case .section(let section): (section.site.map { [("site", $0)] } ?? []) + [("section", section.path)]
    case .owners(let condition): condition.fields
    case .client(let high, let low): [("client", AddressName.text(high: high, low: low))]
    case nil: []
    }
  }

  /// The subject in a sentence: `example.com`, `process api of unit api.service`; nil for all traffic.
  package var subjectText: String? {
    switch subject {
    case .site(let name): name
    case .section(let section): section.site.map { $0 + section.path } ?? "section \(section.path)"
    case .owners(let condition): condition.fields.map { "\($0.name) \($0.value)" }.joined(separator: " of ")
    case .client(let high, let low): "client \(AddressName.text(high: high, low: low))"
    case nil: nil
    }
  }
}
