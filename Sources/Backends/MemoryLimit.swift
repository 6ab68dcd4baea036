// SPDX-License-Identifier: Apache-2.0

import Capture
import System

/// The memory that the control groups of this process leave to it: a unit's MemoryMax, a container's limit.
///
/// A process that exceeds it is killed without a word, so rings, most of what a watch takes, are made to fit.
enum MemoryLimit {
  /// What a watch takes besides its rings, most of it the kernel's while it checks the filter: measured on 6.18,
  /// by watching in groups of 8 to 64 MiB; 2 MiB are the slots of depth `auto`.
  private static let besides = 33 << 20

  /// What reading TLS text takes: its ring and tables in the kernel, and the tables of its worker.
  private static let tlsText = 32 << 20

  /// The size of each of this many rings that fit, at most `asked`.
  static func ring(_ asked: Int, workers: Int, readsTLS: Bool) throws(CaptureError) -> Int {
    guard let limit = bytes else { return asked }
    let besides = Self.besides + (readsTLS ? tlsText : 0)
    let each = (limit - besides) / workers
    guard each >= 1 << 20 else {
      throw CaptureError(
        .unavailable,
        "cannot watch within \(limit >> 20) MiB of memory: it takes \((besides >> 20) + workers) MiB at least",
        hint: "a higher limit of its control group (MemoryMax of a unit, --memory of a container)")
    }
    // Rings are powers of two.
    var bytes = 1 << 20
    while bytes * 2 <= each { bytes *= 2 }
    return min(asked, bytes)
  }

  /// The least limit of all groups that this process is in; nil when there is none, or none can be read.
  private static var bytes: Int? {
    for line in text("/proc/self/cgroup").split(separator: "\n") {
      // A number, the controllers, the path; version 2 has one line, without controllers.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty, let limit = least("/sys/fs/cgroup", parts[2], "memory.max") { return limit }
      if parts[1].split(separator: ",").contains("memory"),
        let limit = least("/sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes")
      {
        return limit
      }
    }
    return nil
  }

  /// The least number in this file of a group and of those above it. Inside a container the path may be the
  /// host's, and the group's own file is at the root.
  private static func least(_ root: String, _ path: Substring, _ file: String) -> Int? {
    var least: Int?
    var folders = path.split(separator: "/")
    while true {
      let line = text(([root] + folders.map(String.init) + [file]).joined(separator: "/")).prefix {
        $0 != "\n"
      }
      // "max" is none; version 1 says so by a number near the largest.
      if let limit = Int(line), limit < 1 << 60 { least = min(least ?? limit, limit) }
      if folders.popLast() == nil { return least }
    }
  }

  /// The text of a small file; empty when it cannot be read.
  private static func text(_ path: String) -> String { SmallFile.text(of: path) ?? "" }
}
