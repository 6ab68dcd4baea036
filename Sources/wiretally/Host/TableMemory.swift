// SPDX-License-Identifier: Apache-2.0

import Capture
import System

/// The memory that the tables of connections take.
enum TableMemory {
  /// Bytes that are allocated besides, once the tables are there.
  private static let besides = 32 << 20

  /// Throws when the tables' bytes are unavailable: asked before they are made, whose own allocation would end the
  /// process without a message.
  static func check(_ bytes: Int) throws(CaptureError) {
    let bytes = bytes + besides
    guard !AddressSpace.isAvailable(bytes) else { return }
    throw CaptureError(
      .unavailable, "cannot reserve \(bytes >> 20) MiB of memory for the tables of connections",
      hint: "fewer --workers, or a higher limit of address space (ulimit -v, MemoryMax of a unit)")
  }
}
