// SPDX-License-Identifier: Apache-2.0

/// Settings in the environment: `WIRETALLY_OPT_TOP=5` is `--top 5`.
package enum ConfigurationEnvironment {
  /// What the names of its variables begin with. The variables that `--on-alert` commands get have no such name.
  package static let prefix = "WIRETALLY_OPT_"

  /// The settings among these variables, `NAME=value` each, in the order of their names. Lines of one value are
  /// several values.
  package static func settings(_ variables: [String]) -> [Setting] {
    variables.filter { $0.hasPrefix(prefix) }.sorted().map(setting)
  }

  private static func setting(_ variable: String) -> Setting {
    let name = variable.prefix { $0 != "=" }
    let text = variable.dropFirst(name.count + 1)
    let lines = text.split(separator: "\n").map(String.init)
    let value: Setting.Value =
      switch text {
      case "true": .flag(true)
      case "false": .flag(false)
      default: lines.count > 1 ? .list(lines) : .text(String(text))
      }
    let option = name.dropFirst(prefix.count).lowercased().map { $0 == "_" ? "-" : $0 }
    return Setting(String(option), value, origin: String(name))
  }
}
