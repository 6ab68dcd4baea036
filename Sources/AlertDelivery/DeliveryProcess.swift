// SPDX-License-Identifier: Apache-2.0

package import System

/// The program's side of a delivery process: a process that delivers alerts, and what waits for it.
///
/// Nothing here waits, except `finish`: messages go out while the delivery process is ready for one, the others
/// stay in a bounded queue whose oldest ones give way: of a collector's, metrics before alerts, which also go first. A command that hangs, or an Alertmanager that does
/// not answer, holds up its own delivery process alone, and one that crashes does not take the watch with it.
package final class DeliveryProcess {
  /// Messages that may wait.
  package static let waitingLimit = 64

  /// The means of a delivery process.
  package enum Means: Equatable, Sendable {
    case command(String)
    case alertmanager(url: String, instance: String, interface: String)
    case collector(url: String)
  }

  package let means: Means
  /// What went wrong last; nil while everything works.
  package private(set) var fault: String?
  /// Deliveries that worked, that did not, and messages given up without a try.
  package private(set) var delivered: UInt64 = 0
  package private(set) var failed: UInt64 = 0
  package private(set) var dropped: UInt64 = 0

  /// The messages that the delivery process has asked for.
  private enum Readiness { case nothing, urgent, any }

  /// Urgent ones first, each kind in the order of its coming.
  private var waiting: [DeliveryMessage] = []
  private var readiness = Readiness.any
  private var hasEnded = false
  /// The fault at the last poll: a change that a message brought to light is for the next one to return.
  private var faultAtPoll: String?
  /// Whether it has something to tell that it could not tell yet.
  private var owes = false
  private var socket: DeliverySocket?

  /// A delivery process that `socket` leads to.
  ///
  /// - Parameters:
  ///   - timeout: nanoseconds that one delivery may take.
  ///   - extra: what else its orders say, for `DeliveryWorker.run`'s `prepare`.
  package init(
    _ means: Means, timeout: UInt64, extra: DeliveryMessage = DeliveryMessage(),
    socket: DeliverySocket
  ) {
    self.means = means
    _ = socket.send(Self.orders(means, timeout, extra))
    self.socket = socket
  }

  private static func orders(_ means: Means, _ timeout: UInt64, _ extra: DeliveryMessage) -> DeliveryMessage {
    var orders = extra
    orders["timeout"] = "\(timeout)"
    switch means {
    case .command(let command): orders["command"] = command
    case .alertmanager(let url, let instance, let interface):
      orders["alertmanager"] = url
      orders["instance"] = instance
      orders["interface"] = interface
    case .collector(let url): orders["collector"] = url
    }
    return orders
  }

  /// Messages that have not been handed to the delivery process, or that it has not done with.
  package var pending: Int { waiting.count + (readiness == .nothing ? 1 : 0) + (owes ? 1 : 0) }

  /// Whether another message would push out an older one.
  package var isFull: Bool { waiting.count >= Self.waitingLimit }

  /// Has a message delivered, sooner or later.
  package func send(_ message: DeliveryMessage) {
    if hasEnded {
      dropped += 1
      return
    }
    if isFull {
      dropped += 1
      // Of metrics, later ones replace what is lost.
      if let index = waiting.firstIndex(where: { !$0.isUrgent }) {
        waiting.remove(at: index)
      } else if message.isUrgent {
        waiting.removeFirst()
      } else {
        return
      }
    }
    let end = waiting.firstIndex { !$0.isUrgent } ?? waiting.count
    waiting.insert(message, at: message.isUrgent ? end : waiting.count)
    exchange(timeout: 0)
  }

  /// Takes in what the delivery process has reported, and hands on what it is ready for; true when `fault` has
  /// changed since the last call.
  @discardableResult
  package func poll() -> Bool { poll(timeout: 0) }

  /// As `poll`, but waits for a report for at most this many milliseconds.
  @discardableResult
  package func poll(timeout: Int32) -> Bool {
    exchange(timeout: timeout)
    defer { faultAtPoll = fault }
    return fault != faultAtPoll
  }

  private func exchange(timeout: Int32) {
    var timeout = timeout
    reading: while !hasEnded {
      switch socket?.receive(timeout: timeout) ?? .ended {
      case .message(let report): take(report)
      case .nothing: break reading
      case .ended: end()
      }
      timeout = 0
    }
    guard !hasEnded, let message = waiting.first else { return }
    let isWanted = readiness == .any || (readiness == .urgent && message.isUrgent)
    if isWanted, socket?.send(message) == true {
      waiting.removeFirst()
      readiness = .nothing
    }
  }

  private func take(_ report: DeliveryMessage) {
    if let asked = report[DeliveryWorker.Report.ready] {
      readiness = asked == DeliveryWorker.Report.urgent ? .urgent : .any
    }
    if let text = report[DeliveryWorker.Report.owes] { owes = text == "1" }
    if let text = report[DeliveryWorker.Report.fault] {
      fault = text
      failed += 1
    } else if report[DeliveryWorker.Report.done] != nil {
      fault = nil
      delivered += 1
    }
  }

  private func end() {
    hasEnded = true
    fault = "delivery process exited"
    dropped += UInt64(pending)
    waiting.removeAll()
    (readiness, owes) = (.any, false)
  }

  /// Lets the delivery process go: it ends once it has done with what it was handed. What still waits is given up.
  package func release() {
    dropped += UInt64(waiting.count)
    waiting.removeAll()
    hasEnded = true
    socket = nil
  }

  /// What the option that made it is called, for messages.
  package var name: String {
    switch means {
    case .command: "--on-alert"
    case .alertmanager(let url, _, _): "--alertmanager \(url)"
    case .collector(let url): "--otlp \(url)"
    }
  }

  /// The counts of its deliveries, and the last fault.
  package var state: DeliveryState {
    DeliveryState(
      name: name, delivered: delivered, failed: failed, dropped: dropped, pending: UInt64(pending),
      fault: fault)
  }

  /// A line for the page; nil while everything works.
  package var warning: String? {
    guard fault != nil || dropped > 0 else { return nil }
    var parts: [String] = []
    if let fault { parts.append(fault) }
    if failed > 0 { parts.append("\(failed) of \(failed + delivered) failed") }
    if dropped > 0 { parts.append("\(dropped) dropped") }
    return "\(name): \(parts.joined(separator: "; "))"
  }
}

extension DeliveryProcess {
  /// Starts a delivery process's process: this very program, as the delivery process that `arguments` make of it.
  package static func start(
    _ means: Means, timeout: UInt64, extra: DeliveryMessage = DeliveryMessage(),
    program: String = "/proc/self/exe", arguments: [String]
  ) throws(SystemError) -> DeliveryProcess {
    let (ours, theirs) = try DeliverySocket.pair()
    // Its standard output is not the program's: nothing may come between pages.
    let silence = try NullDevice()
    _ = try ChildProcess(
      program: program, arguments: arguments, environment: ChildProcess.environment,
      descriptors: [theirs.descriptor, silence.descriptor, 2])
    return DeliveryProcess(means, timeout: timeout, extra: extra, socket: ours)
  }
}
