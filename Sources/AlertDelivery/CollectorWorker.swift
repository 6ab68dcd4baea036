// SPDX-License-Identifier: Apache-2.0

import System
internal import Glibc

/// What a delivery process does for a collector: each message is a request of OTLP over HTTP, which it posts.
///
/// What the collector asks to be sent again is, a few times and later each time. Meanwhile newer messages wait, and the oldest
/// give way to them: of metrics that loses nothing, since they only grow; an alert that gives way counts as dropped.
struct CollectorWorker {
  /// Statuses by which the same request may be taken later (OTLP, "retryable response codes").
  static let temporary = [429, 502, 503, 504]

  let address: PostAddress
  /// Nanoseconds that a post may take.
  let timeout: UInt64
  let socket: DeliverySocket
  /// Seconds before each further try.
  var pauses: [UInt32] = [1, 2, 4]

  /// Runs until the other side of the socket has gone.
  func run() {
    while true {
      switch socket.receive(timeout: -1) {
      case .nothing: continue
      case .ended: return
      case .message(let message):
        var report = DeliveryMessage()
        if let fault = deliver(message) {
          report[DeliveryWorker.Report.fault] = fault
        } else {
          report[DeliveryWorker.Report.done] = "1"
        }
        report[DeliveryWorker.Report.ready] = "1"
        _ = socket.send(report, timeout: -1)
      }
    }
  }

  /// Posts what a message holds; nil when it was accepted, else what went wrong.
  private func deliver(_ message: DeliveryMessage) -> String? {
    guard let request = message.request else { return "a request was longer than a message may be" }
    return post(request.body, request.signal)
  }

  /// Posts a request; nil when it was accepted, else what went wrong in the last attempt.
  private func post(_ body: [UInt8], _ signal: OTLPSignal) -> String? {
    var pauses = pauses[...]
    while true {
      let outcome = attempt(body, signal)
      guard outcome.isTemporary, let pause = pauses.popFirst() else { return outcome.fault }
      sleep(pause)
    }
  }

  private func attempt(_ body: [UInt8], _ signal: OTLPSignal) -> (fault: String?, isTemporary: Bool) {
    do throws(HTTPPost.Failure) {
      let answer = try HTTPPost.send(
        body, to: address.posting(signal), timeout: timeout, readsAnswer: true)
      guard (200..<300).contains(answer.status) else {
        return (
          "it answered \(answer.status)\(answer.text.isEmpty ? "" : ": \(answer.text)")",
          Self.temporary.contains(answer.status)
        )
      }
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
