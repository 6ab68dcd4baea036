// SPDX-License-Identifier: Apache-2.0

import Capture
import Glibc

/// The memory that this process may still have.
enum AddressSpace {
  /// What else is made once the large tables are there.
  private static let besides = 32 << 20

  /// Throws when so many bytes are not to be had: asked before the tables are made, whose own allocation
  /// would end the process without a word of ours.
  static func check(_ bytes: Int) throws(CaptureError) {
    let bytes = bytes + besides
    // Nothing is written, so nothing becomes resident; it is given back at once.
    let memory = unsafe malloc(bytes)
    guard unsafe memory != nil else {
      throw CaptureError(
        .unavailable, "cannot reserve \(bytes >> 20) MiB of memory for the tables of connections",
        remedy: "fewer --workers, or a higher limit of address space (ulimit -v, MemoryMax of a unit)")
    }
    unsafe free(memory)
  }
}
