// SPDX-License-Identifier: Apache-2.0

/// A value for an option from somewhere other than the command line.
package struct Setting: Equatable, Sendable {
  /// The value of a setting, as it was written.
  package enum Value: Equatable, Sendable {
    /// A string, or a number as it would be typed.
    case text(String)
    case flag(Bool)
    /// Several values, for an option that takes them.
    case list([String])
  }

  /// The option's long name, without its dashes.
  package let name: String
  package let value: Value
  /// Where it was written: `/etc/wiretally/config.toml:3`, or an environment variable's name.
  package let origin: String

  package init(_ name: String, _ value: Value, origin: String) {
    (self.name, self.value, self.origin) = (name, value, origin)
  }
}

/// Why a source of settings cannot be used.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// Where: `FILE:LINE`, `FILE`, or an environment variable's name.
  package let origin: String
  /// What is wrong, and why.
  package let fault: String
  /// What to write instead.
  package let hint: String

  package init(_ origin: String, _ fault: String, hint: String) {
    (self.origin, self.fault, self.hint) = (origin, fault, hint)
  }

  package var description: String { "\(origin): \(fault)" }
}
