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
    var ends: [Int32] = [-1, -1]
    // pipe fills the two descriptors of the array that it is given.
    _ = unsafe pipe(&ends)
    let isReady = ends.allSatisfy {
      fcntl($0, F_SETFD, FD_CLOEXEC) == 0 && fcntl($0, F_SETFL, O_NONBLOCK) == 0
    }
    if !isReady {
      // Better none than one whose writing could wait.
      for end in ends where end >= 0 { close(end) }
      ends = [-1, -1]
    }
    (reading, writing) = (ends[0], ends[1])
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
