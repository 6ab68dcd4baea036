// SPDX-License-Identifier: Apache-2.0

package import Capture

extension CaptureCounters {
  /// What was lost before it was captured, a sentence each; none while nothing was, or nothing is known.
  ///
  /// No count is "at least" for that: a packet of the backlog may be anybody's on this machine, and what a watched
  /// connection lost is sent again and counted then, except on a mirror port.
  package func preCaptureDropTexts(_ label: CaptureLabel) -> [String] {
    var sentences: [String] = []
    if let backlogDropped, backlogDropped > 0 {
      sentences.append(
        "\(Self.packets(backlogDropped)) dropped in the kernel's backlog before capture (whole machine)")
    }
    if let nicMissed, nicMissed > 0 {
      sentences.append(
        "\(Self.packets(nicMissed)) missed by network cards before capture (\(label.source))")
    }
    return sentences
  }

  private static func packets(_ count: UInt64) -> String { count == 1 ? "1 packet" : "\(count) packets" }
}
