// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A pipe by which one thread wakes another: bytes that say nothing else. Where the system has no descriptor left, the
/// thread that waits looks by itself on a short timer.
@safe
package final class WakePipe: Sendable {
  private let reading: Int32
  private let writing: Int32

  /// Milliseconds of a wait that nothing can end early.
  private static let timer: Int32 = 50

  package init() {
    let ends = try? PipeEnds(blocks: false)
    (reading, writing) = (ends?.reading ?? -1, ends?.writing ?? -1)
  }

  deinit { for end in [reading, writing] where end >= 0 { close(end) } }

  /// Wakes the thread that waits, or the next one that does.
  package func wake() {
    var byte: UInt8 = 1
    // One byte of a local value. A full pipe wakes as well; an interrupted write has woken nobody.
    while unsafe write(writing, &byte, 1) < 0, errno == EINTR {}
  }

  /// Waits until the thread is woken, for at most `milliseconds` (-1: without end); a signal ends the wait early.
  package func wait(_ milliseconds: Int32) {
    var item = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
    let limit = reading >= 0 ? milliseconds : milliseconds < 0 ? Self.timer : min(milliseconds, Self.timer)
    // One entry, a local value; poll leaves a negative descriptor out and waits all the same.
    _ = unsafe poll(&item, 1, limit)
    var bytes: (UInt64, UInt64) = (0, 0)
    // As many bytes as the local value has.
    _ = unsafe read(reading, &bytes, 16)
  }
}
