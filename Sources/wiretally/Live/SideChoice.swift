// SPDX-License-Identifier: Apache-2.0

import Capture
import LocalSides
import System

/// The choice of `--side`, with what tells which end of a connection this machine is, for all workers of a watch.
final class SideChoice {
  private let choice: ConnectionSide
  private let ports: PortSet
  private let local: LocalAddresses
  private let finding = Locked<String?>(nil)
  private var hasFailed = false

  /// Asks for the machine's addresses; throws when a side is chosen and they are not available.
  init?(_ choice: ConnectionSide, ports: PortSet) throws(CaptureError) {
    (self.choice, self.ports) = (choice, ports)
    do throws(SystemError) {
      local = try LocalAddresses()
    } catch {
      // Without them nothing is missing but a warning.
      if choice == .both { return nil }
      throw CaptureError(
        .unavailable, "--side \(choice.rawValue) needs the addresses of this machine: \(error.reason)",
        hint: "--side both, or -i INTERFACE for one side of a proxy")
    }
  }

  /// What one worker selects by; nil when all connections count.
  var selection: (choice: ConnectionSide, local: LocalSide)? {
    choice == .both ? nil : (choice, LocalSide(ports: ports, local: local))
  }

  /// What one worker looks for sites on two hops by; nil when one side is left out.
  var hopWatch: HopWatch? {
    choice == .both ? HopWatch(LocalSide(ports: ports, local: local), finding: finding) : nil
  }

  /// Asks for the addresses again; to be called about once a second. Returns why they are not available, once.
  func follow() -> String? {
    do throws(SystemError) {
      try local.update()
    } catch {
      guard choice != .both, !hasFailed else { return nil }
      hasFailed = true
      return
        "--side \(choice.rawValue): addresses that this machine gets from now on are not known: \(error.reason)"
    }
    return nil
  }

  /// The sentence about a site that counts on two hops; nil while none was found.
  var notice: String? { finding.withLock { $0 }.map(Self.text) }

  static func text(_ site: String) -> String {
    "\(site) is asked of this machine and by it: behind a proxy each request counts twice; --side server counts the clients' alone"
  }
}
