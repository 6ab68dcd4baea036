// SPDX-License-Identifier: Apache-2.0

import Text

/// The names of the files that a recording is written to, all beside the one that was asked for.
///
///     heads.pcapng  heads.1.pcapng  heads.2.pcapng        used in turn, each at most so long
///     heads.20260223T040618Z.high-traffic.pcapng          one for each alert
///     heads.20260223T040618Z.5xx-rate-a.example.pcapng    of a rule about a site
package struct CaptureNames: Sendable {
  package let path: String
  private let folder: String
  private let stem: String
  private let ending: String

  package init(_ path: String) {
    self.path = path
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    folder = String(path[..<slash])
    let name = path[slash...]
    let dot = name.lastIndex(of: ".").flatMap { $0 > name.startIndex ? $0 : nil } ?? name.endIndex
    stem = String(name[..<dot])
    ending = String(name[dot...])
  }

  /// The folder that they are in.
  package var directory: String { folder.isEmpty ? "." : folder == "/" ? "/" : String(folder.dropLast()) }

  /// The file that is used as number `index`, from 0 on.
  package func file(_ index: Int) -> String { index == 0 ? path : "\(folder)\(stem).\(index)\(ending)" }

  /// The file of an alert: when it was raised, nanoseconds since 1970, its rule, and the values of what the rule is
  /// about. What is unusual in a file's name is `_`: two alerts may have one name, and then differ by their number.
  package func file(alert rule: String, about values: [String] = [], at time: UInt64) -> String {
    let stamp = CalendarTime.rfc3339(time).prefix(19).filter { $0 != "-" && $0 != ":" }
    let words = ([rule] + values).joined(separator: "-").prefix(Self.longestWord).map {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_"
    }
    return "\(folder)\(stem).\(stamp)Z.\(String(words))\(ending)"
  }

  /// Characters of an alert in a file's name: 255 is the most that a name may have.
  private static let longestWord = 96

  /// The name of an alert's file when others have it already: `number` is 2 for the second one.
  package func variant(_ number: Int, of path: String) -> String {
    number < 2 ? path : "\(path.dropLast(ending.count)).\(number)\(ending)"
  }

  /// Of the names in the folder, the paths of alerts' files, oldest first.
  func alerts(among names: [String]) -> [String] {
    names.filter { name in
      guard name.hasPrefix(stem + "."), name.hasSuffix(ending) else { return false }
      let stamp = Array(name.dropFirst(stem.count + 1).prefix(17).utf8)
      guard stamp.count == 17 else { return false }
      return stamp.enumerated().allSatisfy { place, byte in
        switch place {
        case 8: byte == UInt8(ascii: "T")
        case 15: byte == UInt8(ascii: "Z")
        case 16: byte == UInt8(ascii: ".")
        default: (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
      }
    }.sorted().map { folder + $0 }
  }
}
