// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import Glibc
import Reporting
import Statistics
import Text

/// The service manager that has started this program, if any: informed of readiness, state and liveness over
/// the socket it names (sd_notify(3)).
///
/// The socket is connected at once, so that nothing but write(2) is needed once the program is sandboxed.
@safe
final class ServiceManager: Output {
  /// Nanoseconds between two signs of life; nil when none are wanted.
  private let watchdog: UInt64?
  private let descriptor: Int32
  private var nextSign: UInt64 = 0
  /// The latest interval in a line; nil before the first.
  private var state: String?
  private var lastState: String?

  /// Connects: once the process is sandboxed, that is forbidden.
  ///
  /// - Parameters:
  ///   - path: the manager's socket; nil without a manager.
  ///   - process: the process that has to give signs of life; nil for any.
  ///   - microseconds: the time after which the manager gives up a process without a sign of life; nil when it never
  ///     does.
  init(
    _ path: String? = Environment.value("NOTIFY_SOCKET"),
    process: String? = Environment.value("WATCHDOG_PID"),
    microseconds: String? = Environment.value("WATCHDOG_USEC")
  ) {
    descriptor = path.map(Self.connected) ?? -1
    let isMeant = process.map { $0 == "\(getpid())" } ?? true
    // Half the time after which the manager gives up, as sd_watchdog_enabled(3) advises.
    let period = isMeant ? microseconds.flatMap(UInt64.init) : nil
    watchdog = period.map { min($0, .max / 500) * 500 }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  func ready(_ reporter: Reporter) {
    let label = reporter.label
    tell("READY=1\nSTATUS=capturing on \(label.source), port \(label.ports) (\(label.backend))")
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    state = reporter.alerts.state(after: report.interval)
  }

  func tick(_ reporter: Reporter, at now: UInt64) { live(now) }

  func stop() { tell("STOPPING=1") }

  /// Sends `READY=1`, `STATUS=...`, `STOPPING=1`: lines of assignments.
  private func tell(_ state: String) {
    guard descriptor >= 0 else { return }
    var bytes = Array(state.utf8)
    // The array lives through the call. Nothing waits for a manager that does not take it; an interrupted write was none.
    while unsafe Glibc.write(descriptor, &bytes, bytes.count) < 0, errno == EINTR {}
  }

  /// Tells, as often as it is wanted, that the program still works, and what it does when that has
  /// changed; `now` is in nanoseconds.
  private func live(_ now: UInt64) {
    if let state, state != lastState {
      lastState = state
      tell("STATUS=\(state)")
    }
    guard let watchdog, now >= nextSign else { return }
    nextSign = now &+ watchdog
    tell("WATCHDOG=1")
  }

  /// A datagram socket that sends to `path`, where @ begins an abstract name; -1 without one.
  private static func connected(_ path: String) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    guard name.first == UInt8(ascii: "/") || name.first == UInt8(ascii: "@"),
      name.count < MemoryLayout.size(ofValue: address.sun_path)
    else { return -1 }
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_UNIX, Int32(kind), 0)
    guard descriptor >= 0 else { return -1 }
    // The address is a local value of at least `size` bytes.
    let status = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
    }
    if status != 0 {
      Glibc.close(descriptor)
      return -1
    }
    return descriptor
  }
}

extension AlertBoard {
  /// An interval and the alerts that are active, in a line.
  fileprivate func state(after interval: Snapshot) -> String {
    let totals = interval.totals
    let loss = interval.capture.lost > 0 ? ", \(interval.capture.lost) heads lost" : ""
    return "\(totals.requests) requests, \(totals.failures) failures in the last "
      + "\(DecimalText.duration(interval.end &- interval.start))\(loss); "
      + (active.isEmpty ? "no alert" : "alert: \(active.map(\.rule).joined(separator: ", "))")
  }
}
