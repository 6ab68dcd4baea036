// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A fault of the command line in words: what is wrong and why, and what to type instead.
///
/// The parser's errors are its own; what is known of one is its text, which is read here. A text that is not known is
/// passed on as it is, with a hint that always holds.
struct UsageFault: Equatable {
  let message: String
  let hint: String

  private init(_ message: String, hint: String) { (self.message, self.hint) = (message, hint) }

  /// - Parameters:
  ///   - text: the parser's message, or that of a `ValidationError`.
  ///   - help: the command that lists the options of the command that was asked for.
  init(_ text: String, help: String) {
    let known =
      Self.explicit(text) ?? Self.invalidValue(text) ?? Self.missingValue(text) ?? Self.unknownOption(
        text, help)
      ?? Self.unexpectedValue(text) ?? Self.unexpectedArgument(text) ?? Self.missingArgument(text)
      ?? Self.outOfRange(text) ?? Self.noCompletions(text)
    self = known ?? UsageFault(String(text.prefix { $0 != "\n" }), hint: help)
  }

  /// The option that was given more than once although only one value of it can count; nil when there is none. The
  /// last would count in silence, so that the threshold of an alert, for one, would be lost.
  init?(doubledIn arguments: [String]) {
    var seen: [String: String] = [:]
    for entry in TypedOptions(arguments).entries {
      guard let form = entry.form, let value = entry.value, !form.isRepeatable else { continue }
      if let first = seen.updateValue(value, forKey: form.names[0]) {
        self.init("\(entry.name) is given twice: '\(first)' and '\(value)'", hint: Self.single(form, value))
        return
      }
    }
    return nil
  }

  private static func single(_ form: OptionForm, _ value: String) -> String {
    form.names[0] == "-t"
      ? "-t \(value) alone; further rules are --alert RULE" : "\(form.names[0]) \(value) alone"
  }

  /// A list as it is read: "a, b or c".
  static func list(_ values: [String]) -> String {
    guard let last = values.last, values.count > 1 else { return values.first ?? "" }
    return values.dropLast().joined(separator: ", ") + " or " + last
  }

  // MARK: The texts that are known

  /// A message with a hint of its own: `ValidationError(_:hint:)`.
  private static func explicit(_ text: String) -> UsageFault? {
    guard let parts = match(text, ["", ValidationError.hintMark, ""]) else { return nil }
    return UsageFault(parts[0], hint: parts[1])
  }

  private static func invalidValue(_ text: String) -> UsageFault? {
    guard let parts = match(text, ["The value '", "' is invalid for '", "'", ""]) else { return nil }
    let name = parts[1].prefix { $0 != " " }
    let form = OptionForm.named(name)
    let values = values(parts[2])
    let expected = values.isEmpty ? form?.expected : list(values)
    let example = nearest(parts[0], of: values) ?? form?.example
    return UsageFault(
      "invalid value '\(parts[0])' for \(name)" + (expected.map { " (expected \($0))" } ?? ""),
      hint: "\(name) \(example ?? "VALUE")")
  }

  /// The values that the parser lists after a fault: 'a', 'b' or 'c' in a line, or `- a` in lines.
  private static func values(_ text: String) -> [String] {
    text.contains("\n")
      ? text.split(separator: "\n").filter { $0.hasPrefix("  - ") }.map { String($0.dropFirst(4)) }
      : text.split(separator: "'", omittingEmptySubsequences: false).enumerated().filter {
        $0.offset % 2 == 1
      }
      .map { String($0.element) }
  }

  private static func missingValue(_ text: String) -> UsageFault? {
    guard let parts = match(text, ["Missing value for '", "'", ""]) else { return nil }
    let name = parts[0].prefix { $0 != " " }
    guard let form = OptionForm.named(name) else { return nil }
    return UsageFault("\(name) needs a value (\(form.expected))", hint: "\(name) \(form.example)")
  }

  private static func unknownOption(_ text: String, _ help: String) -> UsageFault? {
    // `-t100`: the value of a short option stands by itself.
    if let parts = match(text, ["Unknown option '", "'", "\n   or: Missing value for '", " <", ""]) {
      let value = parts[0].dropFirst(parts[2].count)
      return UsageFault(
        "unknown option '\(parts[0])' (a value is separated from its option)", hint: "\(parts[2]) \(value)")
    }
    let suggested = match(text, ["Unknown option '", "'. Did you mean '", "'?"])
    if let name = (suggested ?? match(text, ["Unknown option '", "'"]))?[0],
      let fault = optionOfAnother(name, help)
    {
      return fault
    }
    if let parts = suggested {
      // The parser's suggestion may have nothing to do with what was typed.
      let isNear = distance(parts[0], parts[1]) <= 2
      return UsageFault("unknown option '\(parts[0])'", hint: isNear ? parts[1] : help)
    }
    guard let parts = match(text, ["Unknown option '", "'"]) else { return nil }
    return UsageFault("unknown option '\(parts[0])'", hint: help)
  }

  /// An option that the command which was asked for does not have, and others do.
  private static func optionOfAnother(_ name: String, _ help: String) -> UsageFault? {
    guard let asked = match(help, ["wiretally ", " --help"])?[0] else { return nil }
    let owners = Wiretally.commands(with: name)
    guard !owners.isEmpty, !owners.contains(asked) else { return nil }
    return UsageFault(
      "\(name) is an option of \(owners.joined(separator: " and ")), not of \(asked)", hint: help)
  }

  private static func unexpectedValue(_ text: String) -> UsageFault? {
    guard let parts = match(text, ["The option '", "' does not take any value, but '", "' was specified."])
    else {
      return nil
    }
    return UsageFault("\(parts[0]) takes no value, got '\(parts[1])'", hint: parts[0])
  }

  private static func unexpectedArgument(_ text: String) -> UsageFault? {
    let several = match(text, ["", " unexpected arguments: '", "', '", ""])?[1]
    guard let argument = several ?? match(text, ["Unexpected argument '", "'"])?[0] else { return nil }
    let names = Wiretally.commandNames
    let hint =
      nearest(argument, of: names).map { "wiretally \($0)" }
      ?? "wiretally read \(argument), if that is a capture file; the commands are \(list(names))"
    return UsageFault("unexpected argument '\(argument)'", hint: hint)
  }

  private static func missingArgument(_ text: String) -> UsageFault? {
    if match(text, ["Missing expected argument '<history>", "'"]) != nil {
      return UsageFault("no history is named", hint: "wiretally replay /var/lib/wiretally/history")
    }
    guard match(text, ["Missing expected argument '<file>", "'"]) != nil else { return nil }
    return UsageFault(
      "no capture file is named", hint: "wiretally read capture.pcap, or - for standard input")
  }

  private static func noCompletions(_ text: String) -> UsageFault? {
    guard let parts = match(text, ["Can't generate completion scripts for '", "'", ""]) else { return nil }
    return UsageFault(
      "there are no completions for the shell '\(parts[0])'",
      hint: "--generate-completion-script bash, zsh or fish")
  }

  /// A message that begins with the option it is about: "--top must be 1 or more, got 0".
  private static func outOfRange(_ text: String) -> UsageFault? {
    OptionForm.named(text.prefix { $0 != " " && $0 != ":" }).map { UsageFault(text, hint: $0.usage) }
  }

  /// What stands between the pieces, in their order; nil when the text is not made of them. The first piece begins
  /// the text and the last one ends it.
  static func match(_ text: String, _ pieces: [String]) -> [String]? {
    guard text.hasPrefix(pieces[0]), text.hasSuffix(pieces[pieces.count - 1]) else { return nil }
    var found: [String] = []
    var rest = text.dropFirst(pieces[0].count)
    for piece in pieces.dropFirst().dropLast() {
      guard let range = rest.firstRange(of: piece) else { return nil }
      found.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    guard rest.hasSuffix(pieces[pieces.count - 1]) else { return nil }
    return found + [String(rest.dropLast(pieces[pieces.count - 1].count))]
  }

  /// The value that differs least, in at most two characters; nil when all differ more.
  static func nearest(_ text: String, of values: [String]) -> String? {
    values.map { ($0, distance($0, text)) }.filter { $0.1 <= 2 && $0.1 < $0.0.count }.min { $0.1 < $1.1 }?.0
  }

  /// The number of characters that have to be added, removed or replaced (Levenshtein).
  static func distance(_ a: String, _ b: String) -> Int {
    let other = Array(b)
    var row = Array(0...other.count)
    for (index, character) in a.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in other.indices {
        let cost = diagonal + (other[column] == character ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(cost, row[column] + 1, row[column + 1] + 1)
      }
    }
    return row[other.count]
  }
}

extension ValidationError {
  fileprivate static let hintMark = "\n  hint: "

  /// What is wrong and why, and what to type instead, where that is more than an example of the option's value.
  init(_ message: String, hint: String) { self.init(message + Self.hintMark + hint) }
}
