// SPDX-License-Identifier: Apache-2.0

import Capture
import Glibc

/// The memory that this process may still have.
enum AddressSpace {
  /// What else is made once the large tables are there.
  private static let besides = 32 << 20

  /// Throws when this many bytes are unavailable: asked before the tables are made, whose own allocation
  /// would end the process without a word of ours.
  static func check(_ bytes: Int) throws(CaptureError) {
    let bytes = bytes + besides
    // As the allocator would map it: an allocation that nobody uses is one that the compiler leaves out. Nothing
    // is written, so nothing becomes resident; it is given back at once.
    let memory = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
      throw CaptureError(
        .unavailable, "cannot reserve \(bytes >> 20) MiB of memory for the tables of connections",
        hint: "fewer --workers, or a higher limit of address space (ulimit -v, MemoryMax of a unit)")
    }
    unsafe munmap(memory, bytes)
  }
}
