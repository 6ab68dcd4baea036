// SPDX-License-Identifier: Apache-2.0

package import System

/// Why a history cannot be kept or read.
package enum HistoryError: Error, Equatable, Sendable {
  /// The system refuses the file: "write" or "read", and why.
  case system(path: String, doing: String, SystemError)
  /// The file is something else; it is left as it is.
  case foreign(path: String)
  /// Its first bytes are damaged.
  case damaged(path: String)
  /// A later version of the program wrote it, in a format of this number.
  case version(path: String, UInt32)
  /// Another watch appends to it.
  case inUse(path: String)
  /// A record's checksum is right, and what it says makes no sense.
  case damagedRecord
}

extension HistoryError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .system(let path, let doing, let error): "cannot \(doing) the history \(path): \(error.reason)"
    case .foreign(let path): "\(path) is no history of wiretally"
    case .damaged(let path): "the history \(path) is damaged at its beginning"
    case .version(let path, let version):
      "the history \(path) has format \(version), of another version of wiretally"
    case .inUse(let path): "another wiretally appends to the history \(path)"
    case .damagedRecord: "a record of the history makes no sense"
    }
  }
}
