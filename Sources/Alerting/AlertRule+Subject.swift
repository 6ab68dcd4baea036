// SPDX-License-Identifier: Apache-2.0

package import Statistics
import Text

/// Whose traffic a rule is about, for those who show it.
extension AlertRule {
  /// The site, when the rule is about one.
  package var site: String? {
    if case .site(let name) = subject { name } else { nil }
  }

  /// What the owners are called, when the rule is about what they serve.
  package var owners: OwnerCondition? {
    if case .owners(let condition) = subject { condition } else { nil }
  }

  /// The client's address, when the rule is about one.
  package var client: String? {
    if case .client(let high, let low) = subject { AddressName.text(high: high, low: low) } else { nil }
  }

  /// The subject as labels have it: `site`, `client`, or `process`, `unit` and `container` as far as they were given.
  package var subjectFields: [(name: String, value: String)] {
    switch subject {
    case .site(let name): [("site", name)]
    case .owners(let condition): condition.fields
    case .client(let high, let low): [("client", AddressName.text(high: high, low: low))]
    case nil: []
    }
  }

  /// The subject in a sentence: `example.com`, `process api of unit api.service`; nil for all traffic.
  package var subjectText: String? {
    switch subject {
    case .site(let name): name
    case .owners(let condition): condition.fields.map { "\($0.name) \($0.value)" }.joined(separator: " of ")
    case .client(let high, let low): "client \(AddressName.text(high: high, low: low))"
    case nil: nil
    }
  }
}
