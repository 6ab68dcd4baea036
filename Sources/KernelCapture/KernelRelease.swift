// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The release of the running kernel, for what it cannot be asked in another way.
enum KernelRelease {
  /// Whether it is one before this; not when it is unknown.
  static func isBefore(_ major: Int, _ minor: Int) -> Bool {
    var name = utsname()
    // Fills in one local variable, its texts ended by zeros.
    guard unsafe uname(&name) == 0 else { return false }
    let release = unsafe withUnsafeBytes(of: name.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return isBefore(release, major, minor)
  }

  /// Whether a release, as `uname -r` has it, is one before this.
  static func isBefore(_ release: String, _ major: Int, _ minor: Int) -> Bool {
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) < (major, minor)
  }
}
