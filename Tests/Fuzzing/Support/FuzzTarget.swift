// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif
package import Randomness

/// What one fuzzed program does: it makes the inputs to begin with, and holds any input against properties.
package protocol FuzzTarget {
  /// Inputs that reach as far as possible; always the same ones.
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]]
  /// Ends the process by `expect` when a property does not hold.
  static func test(_ input: RawSpan)
}

extension FuzzTarget {
  /// libFuzzer's one call for each input.
  package static func run(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let bytes = unsafe bytes, count > 0 else {
      test(RawSpan())
      return 0
    }
    // libFuzzer's own copy of the input, of exactly this length, which lives through the call.
    test(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(bytes), byteCount: count))
    return 0
  }

  /// libFuzzer's call at the start: with WIRETALLY_SEEDS set, the seeds go into that folder and all is done.
  package static func begin() -> CInt {
    // The environment is not changed by anybody here.
    guard let folder = unsafe getenv("WIRETALLY_SEEDS").map({ unsafe String(cString: $0) }) else { return 0 }
    var random = SeededGenerator(seed: 0x5eed)
    var count = 0
    for seed in seeds(&random) {
      write(seed, to: "\(folder)/seed-\(count)")
      count += 1
    }
    print(count)
    exit(0)
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    // The path ends in zero for the time of the call; so do the bytes live.
    guard let file = unsafe fopen(path, "w") else { fatalError("cannot write \(path)") }
    unsafe fwrite(bytes, 1, bytes.count, file)
    unsafe fclose(file)
  }
}

/// Ends the process when a property does not hold: libFuzzer then keeps the input.
@inline(__always)
package func expect(_ holds: Bool, _ property: @autoclosure () -> String) {
  if !holds { fatalError("property does not hold: \(property())") }
}

extension RawSpan {
  /// The bytes, copied.
  package var array: [UInt8] {
    // Copied out before the borrow ends.
    unsafe withUnsafeBytes { unsafe Array($0) }
  }
}

/// What a name that was made of bytes off the wire must be, wherever it is shown.
package func expectName(_ name: [UInt8], _ what: String) {
  expect(name.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "\(what) is printable: \(name)")
  expect(name.count <= 255, "\(what) is short: \(name.count)")
}
