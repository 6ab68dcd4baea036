// SPDX-License-Identifier: Apache-2.0

import Glibc
import PcapCapture
import Text
import System

/// How far a long file has been read, on a terminal's standard error.
final class ReadProgress {
  /// Bytes between two looks at the clock.
  private static let stride: UInt64 = 16 * 1024 * 1024

  private let isShown: Bool
  private var lastPosition: UInt64 = 0
  private var lastTime: Int = 0
  private var isOnScreen = false

  /// - Parameter isShown: false where it would disturb what is printed.
  init(isShown: Bool) {
    self.isShown = isShown && StandardDescriptors.isTerminal(2)
    lastTime = time(nil)
  }

  func show(_ source: FileSource) {
    guard isShown, let progress = source.progress else { return }
    if progress.position < lastPosition { lastPosition = 0 }
    guard progress.position - lastPosition >= Self.stride else { return }
    lastPosition = progress.position
    let now = time(nil)
    guard now > lastTime else { return }
    lastTime = now
    let mebibytes = progress.position >> 20
    var text = "\r\(VisibleText.escaped(progress.name)): \(mebibytes) MiB"
    if let size = progress.size, size > 0 { text += " (\(progress.position * 100 / size) %)" }
    write(text + "\u{1b}[K")
    isOnScreen = true
  }

  /// Takes the line away, before something else is printed.
  func clear() {
    guard isOnScreen else { return }
    isOnScreen = false
    write("\r\u{1b}[K")
  }

  private func write(_ text: String) {
    // Progress that cannot be shown is no fault.
    try? ByteOutput(descriptor: 2).write(Array(text.utf8))
  }
}
