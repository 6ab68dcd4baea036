// SPDX-License-Identifier: Apache-2.0

import System
internal import Glibc

/// The lifetime of a delivery process from its start to its end: it takes messages from the program, delivers,
/// and reports. Its first message says how it delivers; it ends when the program has gone.
package enum DeliveryWorker {
  /// Reports, which wait for space, since the program waits for what they say: `ready` asks for the next
  /// message, `any` or only one that is `urgent`; `done` and `fault` tell how a delivery went.
  enum Report {
    static let ready = "ready"
    static let any = "1"
    static let urgent = "urgent"
    static let done = "done"
    static let fault = "fault"
    /// Whether something has still to be delivered.
    static let owes = "owes"
  }

  /// Runs until the other side of the socket has gone.
  ///
  /// - Parameter prepare: gives up what this delivery process does not need, once it knows its orders.
  package static func run(_ socket: DeliverySocket, prepare: (DeliveryMessage) -> Void) {
    // A terminal's Ctrl-C and a service manager's SIGTERM are for the program: what it has sent is
    // delivered, and its end is this one's end.
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { _ = signal(number, SIG_IGN) }
    guard case .message(let orders) = socket.receive(timeout: -1) else { return }
    // The options were checked by the program; a file that has changed since then ends this process, which is reported.
    guard let security = try? PostSecurity(authorities: orders["ca"], credentials: orders["auth"]) else {
      return
    }
    prepare(orders)
    let timeout = orders["timeout"].flatMap { UInt64($0) } ?? 10_000_000_000
    if let command = orders["command"] {
      run(AlertCommand(command, timeout: timeout), socket)
    } else if let url = orders["alertmanager"], let address = try? PostAddress.alertmanager(url) {
      let alerts = AlertmanagerAlerts(
        instance: orders["instance"] ?? "", interface: orders["interface"] ?? "")
      run(alerts, address, Poster(security), timeout, socket)
    } else if let url = orders["collector"], let address = try? PostAddress.collector(url) {
      CollectorWorker(address: address, poster: Poster(security), timeout: timeout, socket: socket).run()
    }
  }

  private static func run(_ command: AlertCommand, _ socket: DeliverySocket) {
    while true {
      switch socket.receive(timeout: -1) {
      case .nothing: continue
      case .ended: return
      case .message(let notice):
        var report = DeliveryMessage()
        if let fault = command.run(notice) { report[Report.fault] = fault } else { report[Report.done] = "1" }
        report[Report.ready] = Report.any
        _ = socket.send(report, timeout: -1)
      }
    }
  }

  private static func run(
    _ state: AlertmanagerAlerts, _ address: PostAddress, _ poster: Poster, _ timeout: UInt64,
    _ socket: DeliverySocket
  ) {
    var alerts = state
    let start = ContinuousClock.now
    var now: UInt64 {
      let (seconds, attoseconds) = start.duration(to: .now).components
      return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
    // What has come by the time the program goes is still delivered, in one try.
    var isLast = false
    while true {
      let wait =
        isLast ? 0 : alerts.nextPost.map { min(60_000, Int32(clamping: ($0 - min($0, now)) / 1_000_000 + 1)) }
      if let due = alerts.nextPost, isLast || due <= now {
        var report = DeliveryMessage()
        if let fault = post(alerts, address, poster, timeout) {
          alerts.failed(at: now)
          report[Report.fault] = fault
        } else {
          alerts.posted(at: now)
          report[Report.done] = "1"
        }
        report[Report.owes] = alerts.hasNews ? "1" : "0"
        _ = socket.send(report, timeout: -1)
        if isLast { return }
      }
      if isLast { return }
      switch socket.receive(timeout: wait ?? -1) {
      case .nothing: continue
      case .ended:
        // Only what has not been reported yet: an alert that continues expires by itself.
        if !alerts.hasNews { return }
        isLast = true
      case .message(let notice):
        alerts.take(notice, at: now)
        var report = DeliveryMessage()
        report[Report.ready] = Report.any
        report[Report.owes] = "1"
        _ = socket.send(report, timeout: -1)
      }
    }
  }

  /// Posts once; nil when it was taken, else what went wrong.
  private static func post(
    _ alerts: AlertmanagerAlerts, _ address: PostAddress, _ poster: Poster, _ timeout: UInt64
  ) -> String? {
    do throws(PostFailure) {
      let answer = try poster.send(alerts.body(at: SystemClock.wall.now), to: address, timeout: timeout)
      return answer.isGood ? nil : answer.refusal
    } catch {
      return error.reason
    }
  }
}
