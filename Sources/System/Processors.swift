// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processors of the machine.
package enum Processors {
  /// The number that is online, at least 1: packets come on any of them, whichever this process may use (sysconf(3)).
  package static var online: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
