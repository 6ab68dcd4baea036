// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

import System

/// The processor time and memory of this process, by the kernel's own account.
///
/// The file is opened once: it can be read again after privileges and paths are gone.
package final class ProcessCost {
  package struct Reading: Equatable, Sendable {
    /// Processor time, user and system, microseconds.
    package var processorTime: UInt64 = 0
    /// Bytes in memory now; 0 where the system does not tell.
    package var resident: UInt64 = 0
    package init() {}
  }

  private let statm = try? SmallFile("/proc/self/statm")
  private let page = UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))

  package init() {}

  package func read() -> Reading {
    var reading = Reading()
    var usage = rusage()
    #if canImport(Glibc)
      let who = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
      let who = RUSAGE_SELF
    #endif
    // Fills the one local structure.
    if unsafe getrusage(who, &usage) == 0 {
      reading.processorTime = Self.microseconds(usage.ru_utime) &+ Self.microseconds(usage.ru_stime)
    }
    // proc(5): sizes in pages, the second one is what is resident.
    let fields = String(decoding: (try? statm?.read()) ?? [], as: UTF8.self).split(separator: " ")
    if fields.count > 1, let pages = UInt64(fields[1]) { reading.resident = pages &* page }
    return reading
  }

  private static func microseconds(_ time: timeval) -> UInt64 {
    UInt64(clamping: time.tv_sec) &* 1_000_000 &+ UInt64(clamping: time.tv_usec)
  }
}
