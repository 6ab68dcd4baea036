// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Variables of the process's environment.
enum Environment {
  /// The value of `name`; nil when it is unset.
  static func value(_ name: String) -> String? {
    // The string is copied at once; nothing in this program changes the environment.
    guard let text = unsafe getenv(name) else { return nil }
    return unsafe String(cString: text)
  }
}
