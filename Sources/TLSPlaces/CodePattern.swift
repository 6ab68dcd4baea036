// SPDX-License-Identifier: Apache-2.0

/// A pattern of a function's first instructions, byte for byte: the beginnings of functions that were looked at in
/// builds of OpenSSL 1.1.1 to 3.5 and of GnuTLS 3.7 and 3.8. What is in no pattern is not attached to.
///
/// A probe at `push`, at a conditional jump or at a call costs one trap, since the kernel emulates these; at others it
/// costs a second one (arch/x86/kernel/uprobes.c). So the places are instructions of these kinds before which
/// no argument's register has changed.
enum CodePattern {
  /// `endbr64`, which a build with control-flow protection has at each function's beginning.
  private static let landing: [UInt8] = [0xf3, 0x0f, 0x1e, 0xfa]
  /// `sub $n,%rsp` with a byte for n, then `call` with four bytes for the distance.
  private static let reserve: [UInt8] = [0x48, 0x83, 0xec]
  private static let call: UInt8 = 0xe8
  /// `cmpb $n,d(%rdi)` with four bytes for d.
  private static let compare: [UInt8] = [0x80, 0xbf]
  /// `test %rdi,%rdi`.
  private static let test: [UInt8] = [0x48, 0x85, 0xff]

  /// `cmp 0x10(%r14),%rsp`, and with `%r12` after `lea -n(%rsp),%r12` with one byte for n or four, then `jbe`: whether
  /// a goroutine's stack is large enough.
  private static let checks: [(start: [UInt8], rest: Int, compare: [UInt8])] = [
    ([], 0, [0x49, 0x3b, 0x66, 0x10]), ([0x4c, 0x8d, 0x64, 0x24], 1, [0x4d, 0x3b, 0x66, 0x10]),
    ([0x4c, 0x8d, 0xa4, 0x24], 4, [0x4d, 0x3b, 0x66, 0x10]),
  ]

  /// `ret`.
  static let ret: UInt8 = 0xc3

  /// Bytes of a function that the patterns look at.
  static let length = 16

  /// The distance from the function's beginning to the one that it calls at once with the same arguments:
  /// `[endbr64] sub $n,%rsp; call`.
  static func callee(_ code: [UInt8]) -> Int64? {
    let start = afterLanding(code)
    let end = start + 9
    guard code.count >= end, code[start...].starts(with: reserve), code[start + 4] == call else { return nil }
    var distance: UInt32 = 0
    for index in 0..<4 { distance |= UInt32(code[start + 5 + index]) << (8 * UInt32(index)) }
    return Int64(end) + Int64(Int32(bitPattern: distance))
  }

  /// The distance to a `push` that is the first instruction: `[endbr64] push`.
  ///
  /// The stack is still as the caller left it there, so a return probe works as at the function's beginning.
  static func push(_ code: [UInt8]) -> Int? {
    let start = afterLanding(code)
    guard code.count >= start + 2 else { return nil }
    let isPush = isPush(code[start]) || (code[start] == 0x41 && Self.isPush(code[start + 1]))
    return isPush ? start : nil
  }

  /// The distance to the first instruction of a function that begins with `push`, `sub $n,%rsp` or `cmpb $n,d(%rdi)`:
  /// the last two are dear to probe, but before `sub` the stack is still as the caller left it.
  static func beginning(_ code: [UInt8]) -> Int? {
    let start = afterLanding(code)
    let isKnown = code[start...].starts(with: reserve) || code[start...].starts(with: compare)
    return isKnown ? start : push(code)
  }

  /// The distance to a jump after a test of the first argument: `[endbr64] test %rdi,%rdi; je`.
  static func jumpIfNull(_ code: [UInt8]) -> Int? {
    let start = afterLanding(code)
    let jump = start + test.count
    guard code.count >= jump + 2, code[start...].starts(with: test) else { return nil }
    return code[jump] == 0x74 || (code[jump] == 0x0f && code[jump + 1] == 0x84) ? jump : nil
  }

  /// The distance to the jump after the check of the stack that Go's functions begin with.
  static func stackCheck(_ code: [UInt8]) -> Int? {
    for check in checks {
      let compare = check.start.count + check.rest, jump = compare + check.compare.count
      guard code.count >= jump + 2, code.starts(with: check.start),
        code[compare...].starts(with: check.compare)
      else { continue }
      return code[jump] == 0x76 || (code[jump] == 0x0f && code[jump + 1] == 0x86) ? jump : nil
    }
    return nil
  }

  private static func isPush(_ byte: UInt8) -> Bool { (0x50...0x57).contains(byte) }

  private static func afterLanding(_ code: [UInt8]) -> Int {
    code.starts(with: landing) ? landing.count : 0
  }
}
