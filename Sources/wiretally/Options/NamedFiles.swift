// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CaptureWriting
import System

/// The files that the options of a command name. None is two things at once: what one output has written another would
/// write over, and so would an output what is still to be read.
struct NamedFiles {
  private struct Use {
    let name: String
    let path: String
    let isWritten: Bool
  }

  private var uses: [Use] = []

  /// Adds a file that is written, under the option that names it.
  mutating func write(_ path: String?, _ name: String) { add(path, name, isWritten: true) }

  /// Adds a file that is read.
  mutating func read(_ path: String?, _ name: String) { add(path, name, isWritten: false) }

  private mutating func add(_ path: String?, _ name: String, isWritten: Bool) {
    // A device, and a standard stream, may be as many things as somebody likes.
    guard let path, path != "-", !path.hasPrefix("/dev/") else { return }
    uses.append(Use(name: name, path: path, isWritten: isWritten))
  }

  /// Adds what the options of all reports name.
  ///
  /// - Parameter log: the alert log where none is named.
  mutating func add(
    _ options: ReportOptions, history: HistoryOptions, _ configuration: ConfigurationOptions, log: String?
  ) {
    write(history.path, "--history")
    write(history.path.map { $0 + ".1" }, "--history (its second file)")
    if !options.alerts.isEmpty {
      write(options.alerts.log ?? log, options.alerts.log == nil ? "--alert-log (by default)" : "--alert-log")
    }
    read(options.alerts.file, "--alert-file")
    for file in configuration.files { read(String(file.trimmingPrefix("-")), "--config") }
  }

  /// Adds the files of `--write`; those of alerts have names of their own.
  mutating func add(_ options: WriteOptions) {
    guard options.span == nil, let names = options.names else { return }
    for number in 0..<options.files {
      write(names.file(number), number == 0 ? "--write" : "--write (file \(number + 1))")
    }
  }

  /// Throws where a file that is written has another use.
  func check() throws {
    var known: [FilePlace: Use] = [:]
    for use in uses {
      guard let other = known.updateValue(use, forKey: FilePlace(use.path)),
        use.isWritten || other.isWritten
      else { continue }
      throw ValidationError(
        "\(other.name) and \(use.name) are one file, \(use.path)", hint: "a file of its own for each")
    }
  }
}
