// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
package import Synchronization

/// Memory shared with the kernel, unmapped when nobody holds it any more.
///
/// Unsafe in one way only: `base` may be used as long as the object lives and within `bytes`.
@safe package final class MappedMemory: @unchecked Sendable {
  // Sendable: the address never changes; what is behind it is shared with the kernel anyway, and is
  // read and written through atomics.
  package let base: UnsafeMutableRawPointer
  package let bytes: Int

  /// Maps `bytes` of the descriptor from `offset` on; throws what the system says.
  package init(_ descriptor: Int32, offset: Int, bytes: Int, writable: Bool) throws(SystemError) {
    let protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
    // A new mapping at a place that the kernel chooses touches no other memory.
    let address = unsafe mmap(nil, bytes, protection, MAP_SHARED, descriptor, off_t(offset))
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SystemError.last
    }
    #if canImport(Glibc)
      // No child that is a copy of this process has it: it would cost a copy of the tables of its pages, and is no child's business.
      _ = unsafe madvise(address, bytes, MADV_DONTFORK)
    #endif
    unsafe self.base = address
    self.bytes = bytes
  }

  deinit { unsafe munmap(base, bytes) }

  /// The eight bytes at `offset` as an atomic; nil outside of the mapping.
  package func word(_ offset: Int) -> UnsafePointer<Atomic<UInt64>>? {
    guard offset >= 0, offset & 7 == 0, offset <= bytes - 8 else { return nil }
    // Aligned and in bounds, as just checked; the kernel writes it whole.
    return unsafe UnsafePointer(base.advanced(by: offset).assumingMemoryBound(to: Atomic<UInt64>.self))
  }
}
