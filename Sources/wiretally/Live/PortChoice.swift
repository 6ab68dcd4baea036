// SPDX-License-Identifier: Apache-2.0

import Capture
import Glibc
import PcapCapture

/// The ports on which HTTP is seen: the choice of `--port auto`, and the advice about those that are not watched.
enum PortChoice {
  /// Milliseconds to look for the first request, and for more ports after it.
  private static let patience = 5_000
  private static let afterFirst = 1_000
  private static let step = 100
  /// Ports that are named at most.
  private static let limit = 4

  /// Looks for requests, and says on standard error what was found: port 80 when nothing was.
  static func ports(on interfaces: [String], only expression: String?) throws -> PortList {
    let scout: PortScout
    do throws(CaptureError) {
      scout = try PortScout(interfaces: interfaces, besides: nil, only: expression)
    } catch {
      throw Failure.end(error)
    }
    scout.listen(true)
    var left = patience
    while left > 0 {
      // Nothing is waited for but time.
      _ = poll(nil, 0, Int32(step))
      left -= step
      let isFirst = scout.ports.isEmpty
      scout.read()
      if isFirst, !scout.ports.isEmpty { left = afterFirst }
    }
    guard let ports = PortSet(scout.ports.map { $0...$0 }) else {
      Failure.say("no HTTP seen on any port for \(patience / 1_000) s; port 80 is watched", .warning)
      return PortList(.http)
    }
    Failure.say("HTTP seen on port \(ports)")
    return PortList(ports)
  }

  /// Those of the ports that are named, of a list whose first ones have the most requests.
  static func named(_ ports: [UInt16]) -> [UInt16] { ports.prefix(limit).sorted() }

  /// The sentence about ports that are not watched.
  static func sentence(_ others: [UInt16], instead ports: String) -> String {
    let list = others.map(String.init).joined(separator: ",")
    return "no requests on port \(ports); HTTP seen on port \(list): --port \(list)"
  }
}
