// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Single keys from the terminal on standard input, without Enter; its mode is put back at the end.
@safe
final class Keyboard: KeySource {
  /// Readable when a key was pressed; nil when standard input is no terminal of ours.
  private(set) var descriptor: Int32?
  private var before = termios()

  init() {
    // A program in the background must not touch the terminal: it would be stopped.
    guard StandardDescriptors.isTerminal(0), tcgetpgrp(0) == getpgrp() else { return }
    // tcgetattr and tcsetattr read and write the one value they are given.
    guard unsafe tcgetattr(0, &before) == 0 else { return }
    var single = before
    single.c_lflag &= ~tcflag_t(ICANON | ECHO)
    guard unsafe tcsetattr(0, TCSANOW, &single) == 0 else { return }
    descriptor = 0
  }

  deinit { restore() }

  /// Puts the terminal's mode back.
  func restore() {
    guard descriptor != nil else { return }
    descriptor = nil
    _ = unsafe tcsetattr(0, TCSANOW, &before)
  }

  /// Without its terminal a watch continues: it has another reader, or none that pressed keys.
  func readEvents(hasGone: Bool) -> [WatchEvent] {
    let key = readKey()
    return key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") ? [.end] : []
  }

  /// Reads the key that was pressed; nil when there is none, or the terminal has gone.
  private func readKey() -> UInt8? {
    guard let descriptor else { return nil }
    var byte: UInt8 = 0
    // One byte is read into one byte.
    guard unsafe Glibc.read(descriptor, &byte, 1) == 1 else {
      self.descriptor = nil
      return nil
    }
    return byte
  }
}
