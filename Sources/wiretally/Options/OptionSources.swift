// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Settings

/// The arguments of a command, with the options that files and the environment add to those that were typed.
///
/// What was typed wins over the environment, that over a file, and a later file over an earlier one. An option that may be
/// repeated is taken whole from one of them.
struct OptionSources {
  /// The file that is read where none is named; it may be missing.
  static let defaultFile = "/etc/wiretally/config.toml"

  /// All arguments, the command's name first where options were added.
  let arguments: [String]
  /// Where options that were not typed were written, by each name of theirs: `--top`.
  let origins: [String: String]

  /// - Parameters:
  ///   - typed: the command line without the program's name.
  ///   - variables: the environment, `NAME=value` each.
  init(_ typed: [String], variables: [String]) throws(ConfigurationError) {
    guard let command = Self.command(of: typed) else {
      (arguments, origins) = (typed, [:])
      return
    }
    let rest = typed.first == command ? Array(typed.dropFirst()) : typed
    let line = TypedOptions(rest)
    let environment = ConfigurationEnvironment.settings(variables)
    let named = line.values(of: Self.fileOption) ?? Self.files(environment)
    var settings: [String: Setting] = [:]
    for path in named ?? ["-" + Self.defaultFile] {
      try Self.add(Self.file(path)?.settings(of: command) ?? [], to: &settings)
    }
    try Self.add(
      environment.filter { $0.name != Self.fileOption && Self.isKnown($0.name, to: command) }, to: &settings)
    Self.remove(line, from: &settings)
    var (added, origins): ([String], [String: String]) = ([], [:])
    for setting in settings.values.sorted(by: { $0.name < $1.name }) {
      added += try Self.arguments(of: setting)
      for name in OptionForm.named("--" + setting.name)?.names ?? ["--" + setting.name] {
        origins[name] = setting.origin
      }
    }
    arguments = added.isEmpty ? typed : [command] + added + rest
    self.origins = origins
  }

  /// The message with the place of the option that it is about, where that was not typed.
  func located(_ message: String) -> String {
    for word in message.split(separator: " ") where word.hasPrefix("-") || word.hasPrefix("'-") {
      let name = word.drop { $0 == "'" }.prefix { $0 == "-" || $0.isLetter }
      if let origin = origins[String(name)] { return "\(origin): \(message)" }
    }
    return message
  }

  // MARK: Where options come from

  private static let fileOption = "config"

  /// The command whose options may come from elsewhere; nil for others, and where help was asked for.
  private static func command(of typed: [String]) -> String? {
    let questions = ["-h", "--help", "-V", "--version", "--generate-completion-script"]
    guard !typed.contains(where: questions.contains) else { return nil }
    guard let first = typed.first, !first.hasPrefix("-") else { return "watch" }
    return ["watch", "read"].contains(first) ? first : nil
  }

  /// The file at `path`; nil where it is missing and may be, which a dash before its path says.
  private static func file(_ path: String) throws(ConfigurationError) -> ConfigurationFile? {
    guard path.hasPrefix("-") else { return try ConfigurationFile(path: path) }
    let path = String(path.dropFirst())
    return ConfigurationFile.isMissing(path) ? nil : try ConfigurationFile(path: path)
  }

  private static func files(_ environment: [Setting]) -> [String]? {
    switch environment.last(where: { $0.name == fileOption })?.value {
    case .text(let path): [path]
    case .list(let paths): paths
    case .flag, nil: nil
    }
  }

  /// Whether a variable's option is one of the command's: the environment is shared, so that of another command is
  /// passed over. What no command knows is refused.
  private static func isKnown(_ name: String, to command: String) -> Bool {
    func has(_ help: String) -> Bool {
      help.split { $0 == " " || $0 == "," || $0 == "\n" }.contains("--" + Substring(name))
    }
    let (watch, read) = (has(WatchCommand.helpMessage()), has(ReadCommand.helpMessage()))
    return command == "watch" ? watch || !read : read || !watch
  }

  // MARK: Which of them count

  /// Adds settings of one source in the place of earlier sources', and of those that they exclude.
  private static func add(
    _ added: [Setting], to settings: inout [String: Setting]
  ) throws(ConfigurationError) {
    if let setting = added.first(where: { $0.name == fileOption }) {
      throw ConfigurationError(
        setting.origin, "a file of options names no other", hint: "--config FILE --config FILE")
    }
    for setting in added {
      for name in excluded(by: setting.name, setting.value) { settings[name] = nil }
    }
    for setting in added { settings[setting.name] = setting }
  }

  /// Removes what was typed, and what that excludes.
  private static func remove(_ line: TypedOptions, from settings: inout [String: Setting]) {
    for name in line.names {
      settings[name] = nil
      for other in excluded(by: name, .flag(true)) { settings[other] = nil }
    }
  }

  private static let rules = ["alert-trigger-threshold", "alert", "alert-file"]

  /// The options that mean the opposite.
  private static func excluded(by name: String, _ value: Setting.Value) -> [String] {
    if name == "no-alert" { return value == .flag(true) ? rules : [] }
    return rules.contains(name) ? ["no-alert"] : []
  }

  /// A setting as it would be typed.
  private static func arguments(of setting: Setting) throws(ConfigurationError) -> [String] {
    let option = "--" + setting.name
    guard let form = OptionForm.named(option) else {
      switch setting.value {
      case .flag(let isOn): return isOn ? [option] : []
      case .text(let text): return ["\(option)=\(text)"]
      case .list:
        throw ConfigurationError(
          setting.origin, "'\(setting.name)' takes one value, got a list", hint: "\(setting.name) = true")
      }
    }
    let hint = "\(setting.name) = \"\(form.example)\""
    switch setting.value {
    case .text(let text): return ["\(option)=\(text)"]
    case .list(let texts) where form.isRepeatable: return texts.map { "\(option)=\($0)" }
    case .list(let texts) where form.isList && !texts.isEmpty:
      return ["\(option)=" + texts.joined(separator: ",")]
    case .list:
      throw ConfigurationError(
        setting.origin, "'\(setting.name)' takes one value (\(form.expected)), got a list", hint: hint)
    case .flag:
      throw ConfigurationError(
        setting.origin, "'\(setting.name)' needs a value (\(form.expected)), got true or false", hint: hint)
    }
  }
}
