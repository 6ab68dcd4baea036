// SPDX-License-Identifier: Apache-2.0

/// Why the places of a file are not known.
package enum PlaceFault: Error, Equatable, Sendable {
  /// The file itself cannot be read.
  case file(ELFFile.Fault)
  /// It has no function of a name.
  case missing(String)
  /// Its table of Go's functions is of an unknown version.
  case unknownGo
  /// The ends of a function are not known.
  case unknownEnds(String)
  /// What speaks TLS in it has no known places.
  case kind(TLSLibrary.Kind)
  /// A function begins with code that is in no pattern; its first bytes.
  case unknownCode(String, [UInt8])
}

extension PlaceFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(.malformed): "it is no ELF file, or a damaged one"
    case .file(.otherMachine): "it is for another processor than x86-64"
    case .file(.noSymbols): "it has no names of functions"
    case .file(.tooLarge): "its tables are longer than those of any program that is known"
    case .unknownGo:
      "its table of functions is of an unknown version of Go, or is filled in when it is loaded"
    case .unknownEnds(let name): "the ends of \(name) are not known"
    case .kind(let kind): kind.limit ?? "its code has no known places"
    case .missing(let name): "it has no \(name)"
    case .unknownCode(let name, let bytes):
      "\(name) begins with code that is not known: " + bytes.map(Self.hex).joined(separator: " ")
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
  }
}
