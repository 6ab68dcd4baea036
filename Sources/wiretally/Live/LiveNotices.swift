// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import PcapCapture
import Screen
import System
import Text

/// The lines of every page of a live watch besides the counts: they change while the watch runs.
final class LiveNotices {
  /// Nanoseconds from one poll of the backend to the next.
  private static let pollInterval: UInt64 = 1_000_000_000

  /// The lines as of the last poll.
  private(set) var lines: [String]
  private let backend: any LiveBackend
  private let labels: LabelClock
  /// Records that had wrong stamps so far.
  private var restamped: UInt64 = 0
  private var suspension = SuspensionClock(suspended: SystemClock.suspended)
  /// What the watched interfaces are called; none for all.
  private var interfaces: [String]
  private let others: [String]
  private var outages: [InterfaceOutage] = []
  private var renewals = 0
  private var nextPoll: UInt64 = 0
  /// Looks for HTTP on other ports; nil once it is seen on the watched ones, and where that cannot be looked for.
  private let scout: PortScout?
  /// Requests were seen on the watched ports.
  private var isScoutDone = false
  private let ports: String
  private var otherPorts: [UInt16] = []
  private let sides: SideChoice?
  private var hopNotice: String?

  /// - Parameters:
  ///   - interfaces: the watched ones; none for all.
  ///   - ports: the watched ports, as `--port` takes them.
  ///   - sides: follows the machine's addresses, and finds sites that count on two hops.
  ///   - others: lines that never change.
  init(
    _ backend: any LiveBackend, _ labels: LabelClock, interfaces: [String], ports: String, scout: PortScout?,
    sides: SideChoice? = nil, others: [String] = []
  ) {
    (self.others, self.sides) = (others, sides)
    self.backend = backend
    self.labels = labels
    self.interfaces = interfaces
    self.ports = ports
    self.scout = scout
    lines = backend.notices + others
    let shift = backend.clockShift
    if shift != 0 { Failure.say("in a time namespace; of the kernel's clock, \(Self.clocks(shift))") }
  }

  /// Polls the backend once a second; true when the lines have changed. A change is reported on
  /// standard error at once: the next page may be long in coming.
  ///
  /// - Parameter isSilent: no request was seen on the watched ports so far.
  func follow(at now: UInt64, isSilent: Bool) -> Bool {
    guard now >= nextPoll else { return false }
    nextPoll = now &+ Self.pollInterval
    labels.follow(wallOffset: SystemClock.wallOffset)
    let hasFoundPorts = followPorts(at: now, isSilent)
    let hasChanged = followInterfaces()
    let changes = backend.followLibraries()
    for change in changes { Failure.say(change.text, change.isWarning ? .warning : .information) }
    let hasFoundHops = followSides()
    let wasSuspended = suspension.follow(suspended: SystemClock.suspended)
    if wasSuspended { Failure.say(Self.suspended(suspension.seconds), .warning) }
    let isRestamped = followClock()
    let isNew = hasFoundPorts || isRestamped || hasChanged || !changes.isEmpty || wasSuspended || hasFoundHops
    if isNew { lines = notices }
    return isNew
  }

  /// What is to be known now.
  private var notices: [String] {
    var lines = backend.notices + others
    lines += outages.map(down)
    if suspension.seconds > 0 { lines.append(Self.suspended(suspension.seconds)) }
    if restamped > 0 { lines.append(Self.restamped(restamped, shift: backend.clockShift)) }
    if let hopNotice { lines.append(hopNotice) }
    if !otherPorts.isEmpty { lines.append(PortChoice.sentence(otherPorts, instead: ports)) }
    return lines
  }

  /// Follows the machine's addresses; true when a site was found that counts on two hops.
  private func followSides() -> Bool {
    if let fault = sides?.follow() { Failure.say(fault, .warning) }
    guard hopNotice == nil, let notice = sides?.notice else { return false }
    hopNotice = notice
    Failure.say(notice, .warning)
    return true
  }

  /// Looks for other ports while the watched ones are silent; true when the notice about them has changed.
  private func followPorts(at now: UInt64, _ isSilent: Bool) -> Bool {
    guard let scout, !isScoutDone else { return false }
    guard isSilent else {
      // It is kept open: what a sandboxed process may not send by is known by its descriptor's number.
      scout.listen(false)
      isScoutDone = true
      defer { otherPorts = [] }
      return !otherPorts.isEmpty
    }
    scout.follow(at: now)
    let found = PortChoice.named(scout.ports)
    guard found != otherPorts else { return false }
    otherPorts = found
    Failure.say(PortChoice.sentence(found, instead: ports), .warning)
    return true
  }

  private func down(_ outage: InterfaceOutage) -> String {
    let since = outage.since &+ UInt64(bitPattern: labels.shift)
    return "interface \(outage.name) has been down since \(DisplayZone.local.label(since)); not capturing"
  }

  /// Looks for records that had wrong stamps; true when there were more. The first ones are reported.
  private func followClock() -> Bool {
    let count = backend.counters.restamped
    guard count != restamped else { return false }
    if restamped == 0 { Failure.say(Self.restamped(count, shift: backend.clockShift), .warning) }
    restamped = count
    return true
  }

  /// The sentence about records with wrong stamps.
  static func restamped(_ count: UInt64, shift: Int64) -> String {
    let records = count == 1 ? "1 record was" : "\(count) records were"
    return
      "\(records) stamped more than a second off; the kernel's clock was read again: \(Self.clocks(shift))"
  }

  /// How the two clocks stand, in words.
  static func clocks(_ shift: Int64) -> String {
    guard shift != 0 else { return "it is this process's" }
    let span = CountText.span(shift.magnitude)
    return "this process's is \(span) \(shift > 0 ? "ahead of" : "behind") it"
  }

  /// The sentence about a machine that slept.
  static func suspended(_ seconds: UInt64) -> String {
    "the machine was suspended for \(CountText.span(seconds &* 1_000_000_000)) since the start; traffic of that time was not seen"
  }

  /// Reports what has another name now.
  private func followNames() {
    let names = backend.interfaceNames
    guard names.count == interfaces.count else { return }
    for (before, name) in zip(interfaces, names) where name != before {
      // Else it is gone, and waited for under the name that was given.
      if !outages.contains(where: { $0.name == name }) {
        Failure.say("interface \(before) is called \(name) now")
      }
    }
    interfaces = names
  }

  private func followInterfaces() -> Bool {
    backend.followInterfaces()
    backend.readPreCaptureDrops()
    let (before, renewals) = (outages, backend.interfaceRenewals)
    outages = backend.outages
    followNames()
    if renewals != self.renewals, outages.isEmpty, before.isEmpty {
      // It went and came between two polls.
      let what = interfaces.count == 1 ? "interface" : "one of the interfaces"
      Failure.say(
        "\(what) \(interfaces.joined(separator: ", ")) was re-created; up to 1 s of traffic may be missing")
    }
    self.renewals = renewals
    for outage in outages where !before.contains(outage) { Failure.say(down(outage), .warning) }
    for outage in before where !outages.contains(where: { $0.name == outage.name }) {
      Failure.say("interface \(outage.name) is back")
    }
    return outages != before
  }
}
