// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Descriptors 0, 1 and 2 are open before anything else is: otherwise a socket might become standard
/// output, and a page would be sent to the network.
enum StandardDescriptors {
  static func secure() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free descriptor is the closed one, since the lower ones are open.
      _ = unsafe open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
    }
  }

  /// Whether the terminal there is ours: a process in the background is stopped when it touches it.
  static func isForeground(_ descriptor: Int32) -> Bool { tcgetpgrp(descriptor) == getpgrp() }

  /// Whether a terminal is on the other side.
  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
}
