// SPDX-License-Identifier: Apache-2.0
import CProgram

/// The memory that the allocator has of the kernel.
package enum ProgramHeap {
  /// Has large blocks be given back at once when they are freed: for a process that reads large tables now and then.
  package static func bound() { wt_program_bound_heap() }

  /// Gives back what is free.
  package static func trim() { wt_program_trim_heap() }
}
