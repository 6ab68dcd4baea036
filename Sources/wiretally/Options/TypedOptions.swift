// SPDX-License-Identifier: Apache-2.0

/// The options of a command line by their names, before the parser looks at what they say.
struct TypedOptions {
  /// An option as it was typed, and its value if it takes one.
  struct Entry {
    let name: String
    let value: String?
    /// Its form, where it takes a value.
    let form: OptionForm?
  }

  let entries: [Entry]

  /// - Parameter arguments: a command's arguments; what follows `--` is none of its options.
  init(_ arguments: [String]) {
    var (entries, rest): ([Entry], ArraySlice<String>) = ([], arguments[...])
    while let argument = rest.popFirst(), argument != "--" {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard argument.hasPrefix("-"), argument != "-", let first = parts.first else { continue }
      let form = OptionForm.named(first)
      let value = parts.count > 1 ? String(parts[1]) : form == nil ? nil : rest.popFirst()
      entries.append(Entry(name: String(first), value: value, form: form))
    }
    self.entries = entries
  }

  /// The long names of all options, without dashes.
  var names: Set<String> {
    Set(
      entries.map { entry in
        let name = entry.form?.names.first { $0.hasPrefix("--") } ?? entry.name
        return String(name.drop { $0 == "-" })
      })
  }

  /// The values of the option of this long name, in their order; nil where it was not typed.
  func values(of name: String) -> [String]? {
    let values = entries.filter { $0.name == "--" + name }.compactMap(\.value)
    return values.isEmpty ? nil : values
  }
}
