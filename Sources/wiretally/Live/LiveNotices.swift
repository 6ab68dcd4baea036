// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import Text

/// What every page of a live watch says besides the counts: it changes while the watch runs.
final class LiveNotices {
  /// Nanoseconds from one poll of the backend to the next.
  private static let pollInterval: UInt64 = 1_000_000_000

  /// The lines as of the last poll.
  private(set) var lines: [String]
  private let backend: any LiveBackend
  private let interface: String?
  private var downSince: UInt64?
  private var renewals = 0
  private var nextPoll: UInt64 = 0

  init(_ backend: any LiveBackend, interface: String?) {
    self.backend = backend
    self.interface = interface
    lines = backend.notices
  }

  /// Polls the backend once a second; true when the lines have changed. A change is reported on
  /// standard error at once: the next page may be long in coming.
  func follow(at now: UInt64) -> Bool {
    guard now >= nextPoll else { return false }
    nextPoll = now &+ Self.pollInterval
    backend.followInterface()
    backend.readPreCaptureDrops()
    let since = backend.interfaceDownSince
    let renewals = backend.interfaceRenewals
    if let interface, renewals != self.renewals, since == nil, downSince == nil {
      // It went and came between two polls.
      Failure.say("interface \(interface) was re-created; up to 1 s of traffic may be missing")
    }
    self.renewals = renewals
    guard since != downSince, let interface else { return false }
    downSince = since
    lines = backend.notices
    if let since {
      let line = "interface \(interface) has been down since \(DisplayZone.local.label(since)); not capturing"
      lines.append(line)
      Failure.say(line, .warning)
    } else {
      Failure.say("interface \(interface) is back")
    }
    return true
  }
}
