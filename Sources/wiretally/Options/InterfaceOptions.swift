// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The options of the watched interfaces.
struct InterfaceOptions: ParsableArguments {
  @Option(
    name: [.customShort("i"), .customLong("interface")],
    help: ArgumentHelp(
      "An interface, or several, as eth0,lo. May be repeated. (default: all)", valueName: "interface"),
    completion: .interfaces)
  var lists: [String] = []

  /// The interfaces, each once; none for all of them.
  var names: [String] {
    var names: [String] = []
    for name in typed where !names.contains(name) { names.append(name) }
    return names.contains("any") ? [] : names
  }

  /// As they were typed.
  private var typed: [String] {
    lists.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }

  func validate() throws {
    if let name = typed.first(where: { $0.isEmpty || $0.utf8.count > 15 }) {
      throw ValidationError(
        "invalid interface name '\(name)' (expected 1 to 15 characters)", hint: "ip link lists all interfaces"
      )
    }
    // Each takes a socket, and libpcap's buffer is shared between them.
    if names.count > Self.most {
      throw ValidationError(
        "-i may name at most \(Self.most) interfaces, got \(names.count)", hint: "without -i all are watched")
    }
  }

  private static let most = 16
}
