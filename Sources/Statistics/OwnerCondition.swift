// SPDX-License-Identifier: Apache-2.0

package import Owners

/// Owners by what they are called: each name that is given must be the owner's.
package struct OwnerCondition: Hashable, Sendable {
  /// The process's name, with `\x20` for spaces, as columns show it.
  package var process: String?
  package var unit: String?
  /// The container with its runtime, or its id alone.
  package var container: String?

  package init(process: String? = nil, unit: String? = nil, container: String? = nil) {
    self.process = process
    self.unit = unit
    self.container = container
  }

  /// Whether it asks for nothing.
  package var isEmpty: Bool { process == nil && unit == nil && container == nil }

  /// What is asked for, under the names that rules, labels and JSON have for it.
  package var fields: [(name: String, value: String)] {
    [("process", process), ("unit", unit), ("container", container)].compactMap { field in
      field.1.map { (field.0, $0) }
    }
  }

  /// Whether an owner is called so; what found no place of its own never is.
  package func matches(_ owner: Owner) -> Bool {
    guard owner != .other else { return false }
    if let process, process != owner.process {
      guard owner.process.contains(" "), process == Self.column(owner.process) else { return false }
    }
    if let unit, unit != owner.unit { return false }
    guard let container, container != owner.container else { return true }
    return owner.container?.split(separator: ":").last.map { $0 == container } ?? false
  }

  /// A name as one word. Names hold no backslash of their own, so that this one stands for a space alone.
  package static func column(_ name: String) -> String {
    name.split(separator: " ", omittingEmptySubsequences: false).joined(separator: "\\x20")
  }
}
