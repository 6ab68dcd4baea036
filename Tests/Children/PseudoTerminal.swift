// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A terminal without an emulator: what is written to it waits until the test reads it.
public final class PseudoTerminal {
  /// The emulator's end.
  private let master: Int32
  /// The terminal, for a program.
  public private(set) var descriptor: Int32

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
    if descriptor >= 0 { close(descriptor) }
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

  /// Reads as an emulator does until all that was read is what is asked for; a machine that is busy gets half a minute.
  public func reads(until isEnough: (String) -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    var all = ""
    repeat {
      all += text()
      if isEnough(all) { return true }
      usleep(5_000)
    } while ContinuousClock.now < end
    return false
  }

  /// Leaves the terminal to those who have it too, and reads until none is left of them; a minute at most.
  public func rest() -> String {
    close(descriptor)
    descriptor = -1
    let end = ContinuousClock.now + .seconds(60)
    var all: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while ContinuousClock.now < end {
      // The array lives through the call.
      let count = unsafe read(master, &bytes, bytes.count)
      // pty_read: EIO when nobody has the other end open.
      if count < 0, errno == EIO { break }
      all += bytes.prefix(max(0, count))
      if count <= 0 { usleep(5_000) }
    }
    return String(decoding: all, as: UTF8.self)
  }
}
