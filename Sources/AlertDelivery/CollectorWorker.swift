// SPDX-License-Identifier: Apache-2.0

import System
internal import Glibc

/// The work of a delivery process for a collector: each message is a request of OTLP over HTTP, which it posts.
///
/// What the collector asks to be sent again is, a few times and later each time. Metrics that are to be posted again do not hold
/// up an alert: until then the program is asked for alerts alone, and one that comes is posted first.
struct CollectorWorker {
  /// Statuses by which the same request may be taken later (OTLP, "retryable response codes").
  static let temporary = [429, 502, 503, 504]

  /// Metrics that are to be posted again.
  private struct Held {
    var body: [UInt8]
    /// Seconds before each try after the next one.
    var pauses: ArraySlice<UInt32>
    var due: ContinuousClock.Instant

    /// Milliseconds until the next try.
    var wait: Int32 {
      let left = max(.zero, ContinuousClock.now.duration(to: due)).components
      return Int32(clamping: left.seconds * 1_000 + left.attoseconds / 1_000_000_000_000_000 + 1)
    }
  }

  let address: PostAddress
  let poster: Poster
  /// Nanoseconds that a post may take.
  let timeout: UInt64
  let socket: DeliverySocket
  /// Seconds before each further try.
  var pauses: [UInt32] = [1, 2, 4]

  /// Runs until the other side of the socket has gone.
  func run() {
    var held: Held?
    while true {
      switch socket.receive(timeout: held?.wait ?? -1) {
      case .nothing: retry(&held)
      case .ended:
        if let held { _ = attempt(held.body, .metrics) }
        return
      case .message(let message): take(message, &held)
      }
    }
  }

  /// Posts what a message holds, or keeps it for later.
  private func take(_ message: DeliveryMessage, _ held: inout Held?) {
    guard let request = message.request else {
      return report("a request was longer than a message may be", held)
    }
    guard request.signal == .metrics else { return report(insist(request.body, request.signal), held) }
    let outcome = attempt(request.body, .metrics)
    guard outcome.isTemporary, let pause = pauses.first else { return report(outcome.fault, held) }
    held = Held(body: request.body, pauses: pauses.dropFirst(), due: .now + .seconds(Int64(pause)))
    var report = DeliveryMessage()
    ask(held, &report)
    _ = socket.send(report, timeout: -1)
  }

  /// Posts metrics again when it is time, and keeps them while there is a try left.
  private func retry(_ held: inout Held?) {
    guard var metrics = held, metrics.due <= .now else { return }
    let outcome = attempt(metrics.body, .metrics)
    if outcome.isTemporary, let pause = metrics.pauses.popFirst() {
      metrics.due = .now + .seconds(Int64(pause))
      held = metrics
    } else {
      held = nil
      report(outcome.fault, held)
    }
  }

  /// Reports how a delivery went, and asks for the next message.
  private func report(_ fault: String?, _ held: Held?) {
    var report = DeliveryMessage()
    if let fault {
      report[DeliveryWorker.Report.fault] = fault
    } else {
      report[DeliveryWorker.Report.done] = "1"
    }
    ask(held, &report)
    _ = socket.send(report, timeout: -1)
  }

  /// Asks for any message, or for an alert alone while metrics are held.
  private func ask(_ held: Held?, _ report: inout DeliveryMessage) {
    report[DeliveryWorker.Report.ready] =
      held == nil ? DeliveryWorker.Report.any : DeliveryWorker.Report.urgent
    report[DeliveryWorker.Report.owes] = held == nil ? "0" : "1"
  }

  /// Posts a request as often as it may be tried; nil when it was accepted, else what went wrong in the last attempt.
  private func insist(_ body: [UInt8], _ signal: OTLPSignal) -> String? {
    var pauses = pauses[...]
    while true {
      let outcome = attempt(body, signal)
      guard outcome.isTemporary, let pause = pauses.popFirst() else { return outcome.fault }
      sleep(pause)
    }
  }

  private func attempt(_ body: [UInt8], _ signal: OTLPSignal) -> (fault: String?, isTemporary: Bool) {
    do throws(PostFailure) {
      let answer = try poster.send(
        body, to: address.posting(signal), timeout: timeout, readsAnswer: true)
      guard answer.isGood else { return (answer.refusal, Self.temporary.contains(answer.status)) }
      // A part was refused, and must not be sent again (OTLP, "partial success").
      return (Self.hasRejected(answer.text) ? "it refused a part: \(answer.text)" : nil, false)
    } catch {
      return (error.reason, true)
    }
  }

  /// Whether an answer counts something as rejected; 0 of them is a warning beside what was accepted.
  private static func hasRejected(_ answer: String) -> Bool {
    ["\"rejectedDataPoints\"", "\"rejectedLogRecords\""].contains { name in
      guard let found = answer.firstRange(of: name) else { return false }
      let value = answer[found.upperBound...].drop { ": \"".contains($0) }
      return value.first.map { ("1"..."9").contains($0) } ?? false
    }
  }
}
