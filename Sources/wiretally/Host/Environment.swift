// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Variables of the process's environment, and the machine's name.
enum Environment {
  /// The value of `name`; nil when it is unset.
  static func value(_ name: String) -> String? {
    // The string is copied at once; nothing in this program changes the environment.
    guard let text = unsafe getenv(name) else { return nil }
    return unsafe String(cString: text)
  }

  /// What this machine calls itself.
  static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    // One byte is left for the end of the text.
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
