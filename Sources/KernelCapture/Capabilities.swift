// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The capabilities that matter here, as this thread has them in effect.
struct Capabilities: OptionSet {
  let rawValue: UInt64

  // Bit numbers of linux/capability.h. The administrator's one once meant the later ones as well.
  static var tracing: Capabilities { Capabilities(rawValue: 1 << 19) }
  static var lease: Capabilities { Capabilities(rawValue: 1 << 28) }
  static var netRaw: Capabilities { Capabilities(rawValue: 1 << 13) }
  static var perfmon: Capabilities { Capabilities(rawValue: (1 << 38) | adminBit) }
  static var bpf: Capabilities { Capabilities(rawValue: (1 << 39) | adminBit) }
  static var admin: Capabilities { Capabilities(rawValue: adminBit) }
  private static var adminBit: UInt64 { 1 << 21 }

  /// Whether one of the bits is there: each is enough.
  func contains(_ member: Capabilities) -> Bool { rawValue & member.rawValue != 0 }

  /// What this thread may do; nothing when it cannot be read.
  static var effective: Capabilities {
    // capget(2) has no wrapper in the C library; version 3 takes two words for each set.
    var header: (version: UInt32, pid: Int32) = (0x2008_0522, 0)
    var sets: (low: (UInt32, UInt32, UInt32), high: (UInt32, UInt32, UInt32)) = ((0, 0, 0), (0, 0, 0))
    guard unsafe capget(&header, &sets) == 0 else { return [] }
    return Capabilities(rawValue: UInt64(sets.high.0) << 32 | UInt64(sets.low.0))
  }
}

@_silgen_name("capget")
private func capget(_ header: UnsafeMutableRawPointer, _ data: UnsafeMutableRawPointer) -> Int32
