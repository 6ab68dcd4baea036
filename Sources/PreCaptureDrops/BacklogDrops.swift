// SPDX-License-Identifier: Apache-2.0

/// Packets that the kernel dropped since the first look, because a processor's backlog was full.
///
/// The backlog is where packets of loopback, of veth pairs and tunnels, and those that another processor is to
/// work on (RPS) wait before the taps that captures are. The counts are the machine's: of every network
/// namespace and every interface.
struct BacklogDrops {
  private(set) var total: UInt64 = 0
  /// Each processor's count at the last look.
  private var before: [Int: UInt32] = [:]
  /// Lines of a kernel that does not say whose they are, at the last look.
  private var unnamed = 0

  /// Takes the contents of `/proc/net/softnet_stat`; false when they hold no processor's count.
  mutating func take(_ text: [UInt8]) -> Bool {
    var now: [Int: UInt32] = [:]
    var unnamed = 0
    for (number, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
      // net/core/net-procfs.c, softnet_seq_show: the second column is dropped; the thirteenth, since 5.10, is
      // the processor's number.
      let columns = line.split(separator: UInt8(ascii: " "))
      guard columns.count >= 2, let dropped = Digits.hexadecimal(columns[1]) else { continue }
      var processor = number
      if columns.count >= 13, let named = Digits.hexadecimal(columns[12]) {
        processor = Int(named)
      } else {
        unnamed += 1
      }
      if now[processor] == nil { now[processor] = dropped }
    }
    if now.isEmpty { return false }
    // Lines without names that came or went: whose they are is not known any more.
    if unnamed != self.unnamed { before = [:] }
    self.unnamed = unnamed
    for (processor, dropped) in now {
      if let last = before[processor] { total &+= Progress.from(last, to: dropped) }
      // A processor that is off keeps its count in the kernel, and here.
      before[processor] = dropped
    }
    return true
  }
}
