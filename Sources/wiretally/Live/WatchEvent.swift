// SPDX-License-Identifier: Apache-2.0

/// A request to a watch by a key or a signal.
enum WatchEvent: Equatable {
  /// The end, with the summary.
  case end
  /// All totals at zero again.
  case resetTotals
  /// To open files again: they were rotated.
  case reopen
  /// To be stopped, as by Ctrl-Z.
  case suspend
  /// The program was continued.
  case resume
}

/// A source of keys: a full screen, or a keyboard alone.
protocol KeySource: AnyObject {
  /// Readable when keys wait; nil when there is no keyboard.
  var descriptor: Int32? { get }
  /// Reads the keys that wait.
  ///
  /// - Parameter hasGone: the descriptor has hung up or failed.
  func readEvents(hasGone: Bool) -> [WatchEvent]
  /// Leaves the terminal to others until `resume`.
  func suspend()
  func resume()
}

extension KeySource {
  func suspend() {}
  func resume() {}
}
