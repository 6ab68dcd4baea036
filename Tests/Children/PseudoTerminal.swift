// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A terminal without an emulator: what is written to it waits until the test reads it.
public final class PseudoTerminal {
  /// The emulator's end.
  private let master: Int32
  /// The terminal, for a program.
  public let descriptor: Int32

  // ioctl_tty(2); Swift does not import macros that are computed.
  private static let unlock: UInt = 0x4004_5431
  private static let number: UInt = 0x8004_5430

  /// Opens a terminal of this size; nil when the system has none.
  public init?(rows: UInt16 = 24, columns: UInt16 = 80) {
    master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    var lock: Int32 = 0, index: UInt32 = 0
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    // Local values of the types that the calls read and write.
    let isOpen =
      unsafe ioctl(master, Self.unlock, &lock) == 0 && ioctl(master, Self.number, &index) == 0
      && ioctl(master, UInt(TIOCSWINSZ), &size) == 0
    descriptor = isOpen ? unsafe open("/dev/pts/\(index)", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1
    if descriptor < 0 {
      close(master)
      return nil
    }
  }

  deinit {
    close(descriptor)
    close(master)
  }

  /// Writes until the kernel keeps no more for the emulator: the next write waits.
  public func fill() {
    // For this process's writes alone: the flags are of the file that a program inherits.
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 64)
    // The kernel moves what was written to the emulator's side later, which makes room again (flush_to_ldisc).
    var pauses = 0
    while pauses < 10 {
      // The array lives through the call.
      while unsafe write(descriptor, bytes, bytes.count) > 0 { pauses = 0 }
      pauses += 1
      usleep(10_000)
    }
    _ = fcntl(descriptor, F_SETFL, flags)
  }

  /// Reads what was written since the last call, at most `limit` bytes of it.
  @discardableResult
  public func text(limit: Int = 4_096) -> String {
    var bytes = [UInt8](repeating: 0, count: limit)
    // The array lives through the call.
    let count = unsafe read(master, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
