// SPDX-License-Identifier: Apache-2.0

/// Why the places of a file are not known.
package enum PlaceFault: Error, Equatable, Sendable {
  /// The file itself cannot be read.
  case file(ELFFile.Fault)
  /// It does not export a function.
  case missing(String)
  /// A function begins with code that is in no pattern; its first bytes.
  case unknownCode(String, [UInt8])
}

extension PlaceFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(.malformed): "it is no ELF file, or a damaged one"
    case .file(.otherMachine): "it is for another processor than x86-64"
    case .file(.noSymbols): "it exports no names"
    case .missing(let name): "it does not export \(name)"
    case .unknownCode(let name, let bytes):
      "\(name) begins with code that is not known: " + bytes.map(Self.hex).joined(separator: " ")
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
  }
}
