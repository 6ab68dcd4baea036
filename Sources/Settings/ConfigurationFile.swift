// SPDX-License-Identifier: Apache-2.0

import CConfiguration
import System

/// A file of settings in TOML: options by their long names, those of `read` in a table of that name.
///
/// The only file that calls the C side.
package struct ConfigurationFile: Sendable {
  /// The most bytes that a file may have.
  package static let limit = 1 << 20

  private let path: String
  /// Settings by the name of their table; the empty name is that of no table.
  private let tables: [String: [Setting]]

  /// Reads the file at `path`; throws where it cannot be read, is no TOML, or has a value that no option takes.
  package init(path: String) throws(ConfigurationError) {
    let bytes: [UInt8]
    do {
      bytes = try SmallFile.contents(of: path, limit: Self.limit)
    } catch {
      throw ConfigurationError(
        path, "cannot be read: \(error.reason)", hint: "--config FILE reads another, --config /dev/null none")
    }
    try self.init(bytes, path: path)
  }

  /// Whether there is no file at `path`.
  package static func isMissing(_ path: String) -> Bool {
    do throws(SystemError) {
      _ = try SmallFile(path)
      return false
    } catch { return error == .noSuchFile }
  }

  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - path: what it is called in errors and origins.
  package init(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
    // The library would take the text up to it for all of it.
    if bytes.contains(0) {
      throw ConfigurationError(path, "has a byte of value 0 in it", hint: "a text file in TOML")
    }
    var settings: [String: [Setting]] = [:]
    for (table, setting) in try Self.settings(bytes, path) { settings[table, default: []].append(setting) }
    (self.path, tables) = (path, settings)
  }

  /// The settings of the command of this name; those outside of all tables are of `watch`. Throws where there is a
  /// table of no command.
  package func settings(of command: String) throws(ConfigurationError) -> [Setting] {
    let commands = ["", "watch", "read"]
    if let unknown = tables.first(where: { !commands.contains($0.key) }) {
      throw ConfigurationError(
        unknown.value[0].origin, "there is no command '\(unknown.key)'",
        hint: "options of watch at the file's beginning, those of read after a line [read]")
    }
    return command == "watch"
      ? tables["", default: []] + tables["watch", default: []] : tables[command, default: []]
  }

  /// Lists the settings of a document with the names of their tables.
  private static func settings(
    _ bytes: [UInt8], _ path: String
  ) throws(ConfigurationError) -> [(table: String, Setting)] {
    // The bytes live through the call, which copies what it keeps.
    let document = unsafe bytes.withUnsafeBytes { buffer in
      unsafe wt_configuration_read(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
    }
    guard let document = unsafe document else {
      throw ConfigurationError(path, "there is no memory to read it", hint: "a shorter file")
    }
    defer { unsafe wt_configuration_free(document) }
    if let fault = unsafe document.pointee.fault {
      throw unsafe ConfigurationError(
        "\(path):\(document.pointee.fault_line)", "no TOML: \(String(cString: fault))",
        hint: "NAME = \"value\", NAME = 5, NAME = true or NAME = [\"value\", \"value\"]")
    }
    // The list lives until the document is freed.
    let list = unsafe UnsafeBufferPointer(
      start: document.pointee.settings, count: document.pointee.setting_count)
    var settings: [(table: String, Setting)] = []
    for index in list.indices { try settings.append(unsafe setting(list[index], path)) }
    return settings
  }

  private static func setting(
    _ entry: wt_setting, _ path: String
  ) throws(ConfigurationError) -> (table: String, Setting) {
    let table = unsafe text(entry.table, entry.table_length)
    let name = unsafe text(entry.name, entry.name_length)
    let origin = unsafe "\(path):\(entry.line)"
    func refuse(_ fault: String) -> ConfigurationError {
      ConfigurationError(origin, fault, hint: "\(name) = \"value\", as after --\(name)")
    }
    let values = unsafe UnsafeBufferPointer(start: entry.values, count: entry.value_count)
    var texts: [String] = []
    for index in values.indices {
      let value = unsafe values[index]
      switch unsafe value.kind {
      case WT_VALUE_TEXT: texts.append(unsafe text(value.text, value.length))
      case WT_VALUE_TRUE, WT_VALUE_FALSE:
        guard unsafe entry.is_list == 0 else { throw refuse("'\(name)' has true or false in its list") }
        return unsafe (table, Setting(name, .flag(value.kind == WT_VALUE_TRUE), origin: origin))
      default: throw refuse("'\(name)' is neither text, a number, true, false nor a list of texts")
      }
    }
    let isList = unsafe entry.is_list != 0
    return (table, Setting(name, isList ? .list(texts) : .text(texts[0]), origin: origin))
  }

  /// The bytes as text. They are UTF-8: TOML is, and the library refuses what is not.
  private static func text(_ bytes: UnsafePointer<CChar>?, _ length: Int) -> String {
    // The document that owns them is freed after the last call.
    unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
  }
}
