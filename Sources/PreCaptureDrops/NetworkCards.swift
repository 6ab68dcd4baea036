// SPDX-License-Identifier: Apache-2.0

import System

internal import Glibc

/// The files that count what the watched network cards missed.
enum NetworkCards {
  /// Cards that are followed when all interfaces are watched: each takes a descriptor.
  private static let limit = 64

  /// The files of the interfaces, or of no name those of all cards; none where /sys is not this namespace's.
  ///
  /// Of all interfaces only those that have a device: a bond's count is the sum of its cards', and
  /// would count them twice.
  static func counters(of interfaces: [String]) -> [String] {
    let own = NetworkInterfaces.all
    guard !own.isEmpty, isOfThisNamespace(own) else { return [] }
    if !interfaces.isEmpty {
      // By their numbers, since an interface may be called by another of its names.
      let indices = Set(interfaces.map { unsafe if_nametoindex($0) })
      return own.filter { indices.contains($0.index) }.map { path($0.name, "statistics/rx_missed_errors") }
    }
    return own.lazy.filter { unsafe access(path($0.name, "device"), F_OK) == 0 }.prefix(limit)
      .map { path($0.name, "statistics/rx_missed_errors") }
  }

  /// A mounted sysfs shows the interfaces of the namespace in which it was mounted: `nsenter --net` leaves that
  /// of another namespace in place, where another interface may have the name.
  private static func isOfThisNamespace(_ own: [(name: String, index: UInt32)]) -> Bool {
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    // Fills the structure, which is freed above.
    guard unsafe glob("/sys/class/net/*/ifindex", 0, nil, &found) == 0, unsafe found.gl_pathc == own.count
    else { return false }
    return own.allSatisfy { name, index in
      guard let text = try? SmallFile.contents(of: path(name, "ifindex")) else { return false }
      return Digits.decimal(text.prefix { $0 != UInt8(ascii: "\n") }) == UInt64(index)
    }
  }

  private static func path(_ name: String, _ file: String) -> String { "/sys/class/net/\(name)/\(file)" }
}
