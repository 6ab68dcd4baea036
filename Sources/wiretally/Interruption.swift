// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Signals, as something that can be waited for.
enum Interruption {
  static func ignoreBrokenPipes() {
    // SIG_IGN is a constant; nothing runs in a handler.
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
