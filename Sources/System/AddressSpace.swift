// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The memory that this process may still have.
package enum AddressSpace {
  /// Whether the system would reserve this many bytes now; they are released at once.
  package static func isAvailable(_ bytes: Int) -> Bool {
    // As the allocator would map it: an allocation that nobody uses is one that the compiler leaves out. Nothing
    // is written, so nothing becomes resident.
    let memory = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return false }
    unsafe munmap(memory, bytes)
    return true
  }
}
