// SPDX-License-Identifier: Apache-2.0

import CCurses
import Synchronization
import System

/// A thread that sends pictures to the terminal, so that one that takes nothing (Ctrl-S, a stopped emulator) holds up
/// this thread alone.
///
/// ncurses has one user at a time. From `show` until `isBusy` is false again that is the thread, and the caller must
/// not touch it; the flag's release and acquire publish what ncurses has written.
@safe
final class PictureThread: @unchecked Sendable {
  // Sendable because the window is used by the thread between the flag's two changes alone, and the rest is atomic or
  // constant.
  private let window: UnsafeMutablePointer<WINDOW>
  private let hasMouse: Bool
  /// The terminal's modes are set; the thread that sends pictures changes it.
  private var isSetUp = false
  /// The order is to leave the terminal, not to show a picture.
  private var isLeaving = false
  private let busy = Atomic<Bool>(false)
  private var isStarted = false
  /// What wakes the thread, and what the thread wakes the caller by.
  private let orders = WakePipe()
  private let reports = WakePipe()

  /// Milliseconds that a picture is waited for: on a terminal that takes it, nothing else is seen of the thread.
  private static let patience: Int32 = 50

  /// Opens what the threads wake each other by. The thread starts with the first picture, so that it has the privileges
  /// of that moment.
  init(_ window: UnsafeMutablePointer<WINDOW>, hasMouse: Bool) {
    unsafe self.window = window
    self.hasMouse = hasMouse
  }

  /// Whether a picture is still being sent.
  var isBusy: Bool { busy.load(ordering: .acquiring) }

  /// Sends the window's picture, and waits for it a little; it may be on its way afterwards (`isBusy`).
  func show() {
    guard !isBusy else { return }
    guard isStarted || start() else {
      // Without a thread the caller waits itself.
      send()
      return
    }
    busy.store(true, ordering: .releasing)
    orders.wake()
    _ = waitUntilShown(Self.patience)
  }

  /// Waits until no picture is being sent, for at most `milliseconds`; false when one still is.
  func waitUntilShown(_ milliseconds: Int32) -> Bool {
    let end = Deadline(milliseconds: Int(milliseconds))
    // A report may be of an earlier picture, which came after its wait was over.
    while isBusy {
      if end.isOver { return false }
      reports.wait(end.milliseconds)
    }
    return true
  }

  /// Leaves the terminal to others; false when it has not taken that after `milliseconds`, and it is on its way.
  func leave(_ milliseconds: Int32) -> Bool {
    guard waitUntilShown(milliseconds) else { return false }
    isLeaving = true
    guard isStarted || start() else {
      send()
      return true
    }
    busy.store(true, ordering: .releasing)
    orders.wake()
    return waitUntilShown(milliseconds)
  }

  private func start() -> Bool {
    do throws(SystemError) {
      // It lasts as long as the process.
      _ = try SystemThread("wt-screen") { [self] in work() }
      isStarted = true
    } catch {
      // Tried again with the next picture.
    }
    return isStarted
  }

  private func work() {
    while true {
      orders.wait(-1)
      guard isBusy else { continue }
      // The caller has handed the window over and leaves it alone until `busy` is false.
      send()
      busy.store(false, ordering: .releasing)
      reports.wake()
    }
  }

  /// Writes the picture, after the modes with the first one: setting them writes at once. Or leaves the terminal.
  private func send() {
    if isLeaving {
      isLeaving = false
      _ = endwin()
      return
    }
    if !isSetUp {
      isSetUp = true
      _ = reset_prog_mode()
      _ = curs_set(0)
      // The window lives while the terminal is open.
      _ = unsafe keypad(window, true)
      if hasMouse { wt_curses_mouse_on(1) }
    }
    _ = unsafe wrefresh(window)
  }
}
