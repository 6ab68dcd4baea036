// SPDX-License-Identifier: Apache-2.0

/// The table of functions of a Go program, and the program: what a stripped one has.
package struct GoBuilder {
  /// A step of a function's table of stack pointers: by how much the pointer changes, for how many bytes.
  package typealias Step = (change: Int, count: Int)

  private var file = ELFBuilder()
  private var functions: [(name: String, start: Int, count: Int, steps: [Step])] = []
  /// The version's magic number: of Go 1.20 and later.
  package var version: UInt64 = 0xffff_fff1
  /// Where code begins, as the table says it.
  package var textStart = ELFBuilder.address

  package init() {}

  /// Appends a function of these bytes, with the steps of its table.
  package mutating func add(_ name: String, _ code: [UInt8], _ steps: [Step]) {
    let start = file.add("", code)
    functions.append((name, start, code.count, steps))
  }

  /// Appends a function as the compiler makes them: with a `ret` in the midst and one before the stack is made larger.
  /// - Parameter isLarge: its check of the stack is that of functions with much on it.
  package mutating func addOrdinary(_ name: String, isLarge: Bool = false) {
    let check: [UInt8] =
      isLarge
      ? [0x4c, 0x8d, 0x64, 0x24, 0x98, 0x4d, 0x3b, 0x66, 0x10, 0x0f, 0x86, 0, 0, 0, 0]
      : [0x49, 0x3b, 0x66, 0x10, 0x76, 0x20]
    // push %rbp, work, pop %rbp, ret, work with a byte of ret in it, pop %rbp, ret, a call that makes the stack larger.
    let first: [UInt8] = check + [0x55], second: [UInt8] = [0xb8, 0xc3, 0xc3, 0, 0, 0x5d]
    let third: [UInt8] = [0xb8, 0xc3, 0xc3, 0, 0, 0x5d], last: [UInt8] = [0xc3, 0xe8, 0, 0, 0, 0]
    add(
      name, first + second + [0xc3] + third + last,
      [(0, first.count), (8, second.count), (-8, 1), (8, third.count), (-8, last.count)])
  }

  /// The program of a server and client with everything in it.
  package static func program() -> GoBuilder {
    var builder = GoBuilder()
    for (index, name) in ["Write", "Read", "Close", "clientHandshake", "serverHandshake"].enumerated() {
      builder.addOrdinary("crypto/tls.(*Conn)." + name, isLarge: index % 2 == 0)
      builder.addOrdinary("main.function\(index)")
    }
    return builder
  }

  /// The table's bytes.
  package var table: [UInt8] {
    var names: [UInt8] = [], steps: [UInt8] = [0], descriptions: [UInt8] = [], entries: [UInt8] = []
    let listed = 8 * functions.count + 8
    for function in functions {
      entries += ELFBuilder.bytes(UInt64(function.start), 4)
      entries += ELFBuilder.bytes(UInt64(listed + descriptions.count), 4)
      descriptions += ELFBuilder.bytes(UInt64(function.start), 4) + ELFBuilder.bytes(UInt64(names.count), 4)
      descriptions += [UInt8](repeating: 0, count: 8) + ELFBuilder.bytes(UInt64(steps.count), 4)
      descriptions += [UInt8](repeating: 0, count: 24)
      names += Array(function.name.utf8) + [0]
      for (index, step) in function.steps.enumerated() {
        // The first one is from -1 on.
        steps += Self.variable(Self.signed(step.change + (index == 0 ? 1 : 0))) + Self.variable(step.count)
      }
      steps.append(0)
    }
    let end = functions.last.map { $0.start + $0.count } ?? 0
    entries += ELFBuilder.bytes(UInt64(end), 4) + ELFBuilder.bytes(0, 4)
    let count = UInt64(functions.count), namesAt = UInt64(72)
    let stepsAt = namesAt + UInt64(names.count), functionsAt = stepsAt + UInt64(steps.count)
    var bytes = ELFBuilder.bytes(version, 4) + [0, 0, 1, 8]
    for word in [count, 0, textStart, namesAt, stepsAt, stepsAt, stepsAt, functionsAt] {
      bytes += ELFBuilder.bytes(word, 8)
    }
    return bytes + names + steps + entries + descriptions
  }

  /// The program's bytes.
  package var bytes: [UInt8] {
    var file = file
    file.sections = [(".gopclntab", table)]
    // A stripped one has no names.
    file.kind = 1
    return file.bytes
  }

  private static func signed(_ number: Int) -> Int { number < 0 ? 2 * ~number + 1 : 2 * number }

  private static func variable(_ number: Int) -> [UInt8] {
    var bytes: [UInt8] = [], rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
