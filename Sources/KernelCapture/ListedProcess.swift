// SPDX-License-Identifier: Apache-2.0

import COwnerFilter
import System

/// A process as /proc shows it.
struct ListedProcess {
  var number: UInt32
  /// The time when it began, nanoseconds since the machine's start, in whole hundredths of a second.
  var started: UInt64
  var name: [UInt8]
  /// The path of its control group: of version 2, and where that is the root, of version 1; nil when that is the root too.
  var group: String?

  /// - Returns: nil when it has ended.
  init?(_ number: UInt32, root: String) {
    guard let comm = try? SmallFile.contents(of: "\(root)/\(number)/comm"),
      let stat = SmallFile.text(of: "\(root)/\(number)/stat"),
      // The name before may hold anything; after it comes field 3, and the 22nd is the start.
      let end = stat.lastIndex(of: ")"),
      let ticks = stat[end...].split(separator: " ").dropFirst(20).first.flatMap({ UInt64($0) })
    else { return nil }
    self.number = number
    started = ticks &* 10_000_000
    name = Array(comm.prefix { $0 != UInt8(ascii: "\n") }.prefix(Int(OWNER_NAME) - 1))
    group = SmallFile.text(of: "\(root)/\(number)/cgroup").flatMap(Self.group)
  }

  /// The group in the lines of cgroup(7)'s file.
  static func group(_ lines: String) -> String? {
    let groups = lines.split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }.filter { $0.count == 3 && $0[2] != "/" }
    if let unified = groups.first(where: { $0[0] == "0" }) { return unified[2] }
    for controller in ["memory", "pids"] {
      if let old = groups.first(where: { $0[1].split(separator: ",").contains(Substring(controller)) }) {
        return old[2]
      }
    }
    return nil
  }
}
