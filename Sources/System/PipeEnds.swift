// SPDX-License-Identifier: Apache-2.0
internal import CProgram

/// The two ends of a new pipe, which programs that are started do not inherit; the caller closes them.
package struct PipeEnds: Sendable {
  package let reading: Int32
  package let writing: Int32

  /// Makes a pipe.
  ///
  /// - Parameter blocks: whether reading waits for bytes, and writing for room.
  /// - Throws: when the process or the machine has no descriptor left.
  package init(blocks: Bool) throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    // It fills two descriptors.
    guard unsafe wt_pipe(&ends, blocks ? 1 : 0) == 0 else { throw SystemError.last }
    (reading, writing) = (ends[0], ends[1])
  }
}
