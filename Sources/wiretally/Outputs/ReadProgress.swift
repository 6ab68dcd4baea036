// SPDX-License-Identifier: Apache-2.0

import Glibc
import Text
import System

/// The progress in a long file, on a terminal's standard error.
final class ReadProgress {
  /// Bytes between two looks at the clock.
  private static let stride: UInt64 = 16 * 1024 * 1024

  private let isShown: Bool
  private let output: ByteOutput
  private let now: () -> Int
  private var lastPosition: UInt64 = 0
  private var lastTime: Int = 0
  private var isOnScreen = false

  /// - Parameters:
  ///   - isShown: false where it would disturb what is printed.
  ///   - descriptor: 2, except in tests.
  ///   - now: seconds, of any clock.
  init(isShown: Bool, descriptor: Int32 = 2, now: @escaping () -> Int = { time(nil) }) {
    self.isShown = isShown && StandardDescriptors.isTerminal(descriptor)
    self.now = now
    output = ByteOutput(descriptor: descriptor)
    lastTime = now()
  }

  /// Shows how far a file has been read, of `size` bytes where that is known; at most once a second.
  func show(_ progress: (name: String, position: UInt64, size: UInt64?)?) {
    guard isShown, let progress else { return }
    if progress.position < lastPosition { lastPosition = 0 }
    guard progress.position - lastPosition >= Self.stride else { return }
    lastPosition = progress.position
    let time = now()
    guard time > lastTime else { return }
    lastTime = time
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
    try? output.write(Array(text.utf8))
  }
}
