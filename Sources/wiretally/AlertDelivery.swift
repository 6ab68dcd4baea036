// SPDX-License-Identifier: Apache-2.0

import Alerting
import Delivery
import Presentation

/// Alerts on their way to others: hands them to the couriers and says what becomes of them.
final class AlertDelivery {
  /// Milliseconds that the end of the program waits for what is on its way.
  private static let patience = 5_000

  private let couriers: [Courier]

  init(_ couriers: [Courier]) { self.couriers = couriers }

  /// Has a change told. With `waits`, for files, it waits for room instead of giving up older ones.
  func send(_ change: AlertTransition, json: [UInt8], topSite: String?, waits: Bool) {
    let message = CourierMessage(change, json: json, topSite: topSite)
    for courier in couriers {
      while waits, courier.isFull { courier.look(timeout: 1_000) }
      courier.send(message)
    }
    look()
  }

  /// Takes in what the couriers report. What has changed is told on standard error at once: JSON lines
  /// and the next page may be long in coming.
  func look() {
    for courier in couriers where courier.look() { tell(courier) }
  }

  private func tell(_ courier: Courier) {
    Failure.say(courier.fault.map { "\(courier.name): \($0)" } ?? "\(courier.name): works again")
  }

  /// Lines for the page: what does not work.
  var warnings: [String] { couriers.compactMap(\.warning) }

  /// The same for JSON.
  var states: [DeliveryState] {
    couriers.map {
      DeliveryState(
        name: $0.name, delivered: $0.delivered, failed: $0.failed, dropped: $0.dropped,
        pending: UInt64($0.pending), fault: $0.fault)
    }
  }

  /// Waits until all has arrived, for files: a command has a timeout of its own.
  func settle() {
    while let courier = couriers.first(where: { $0.pending > 0 }) {
      if courier.look(timeout: 1_000) { tell(courier) }
    }
  }

  /// Lets what is on its way arrive, within a few seconds, and the couriers go.
  ///
  /// - Parameter isInterrupted: asked now and then; true ends the waiting.
  func finish(isInterrupted: () -> Bool = { false }) {
    var waited = 0
    // What cannot be told now is not waited for.
    while waited < Self.patience, !isInterrupted(),
      let courier = couriers.first(where: { $0.pending > 0 && $0.fault == nil })
    {
      if courier.look(timeout: 100) { tell(courier) }
      waited += 100
      if waited == 1_000 {
        Failure.say("alerts are still on their way; interrupt once more to leave at once")
      }
    }
    for courier in couriers {
      let before = courier.dropped
      courier.release()
      let lost = courier.dropped - before
      let what = lost == 1 ? "1 alert was" : "\(lost) alerts were"
      if lost > 0 { Failure.say("\(courier.name): \(what) not delivered") }
    }
  }
}
