// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The names of the machine's interfaces, for messages.
enum InterfaceNames {
  static func all() -> [String] {
    guard let list = unsafe if_nameindex() else { return [] }
    // The list ends with an entry of index 0 and is released as a whole.
    defer { unsafe if_freenameindex(list) }
    var names: [String] = []
    var entry = unsafe list
    while unsafe entry.pointee.if_index != 0 {
      if let name = unsafe entry.pointee.if_name { names.append(unsafe String(cString: name)) }
      unsafe entry += 1
    }
    return names
  }
}

/// The clocks that capture time is made of, in nanoseconds.
enum MonotonicClock {
  static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

  /// What to add to the monotonic clock to have the wall clock.
  static func offset() -> Int64 { read(CLOCK_REALTIME) &- read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // clock_gettime fills the value it is given; both clocks exist on every kernel.
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
