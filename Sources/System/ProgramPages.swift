// SPDX-License-Identifier: Apache-2.0
import CProgram

/// The pages of the program's own file that it has touched.
package enum ProgramPages {
  /// Gives up those of code and constants, most of which the start alone has used: what is used again is mapped again
  /// from the page cache. For the end of the start; false where it fails, and they stay.
  @discardableResult
  package static func release() -> Bool { wt_program_release() == 0 }
}
