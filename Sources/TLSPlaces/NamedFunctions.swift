// SPDX-License-Identifier: Apache-2.0

/// Functions of a file by their names, and the places in them that patterns know.
struct NamedFunctions {
  private let file: ELFFile
  private let addresses: [String: UInt64]

  /// Looks for the functions with these names.
  init(_ names: Set<String>, in file: ELFFile) throws(PlaceFault) {
    self.file = file
    do throws(ELFFile.Fault) {
      addresses = try file.functions(named: names)
    } catch {
      throw .file(error)
    }
  }

  /// Whether the file defines a function.
  func has(_ name: String) -> Bool { addresses[name] != nil }

  /// Whether a function calls another one at once, with the same arguments.
  func callsAtOnce(_ name: String) throws(PlaceFault) -> Bool {
    CodePattern.callee(file.code(at: try address(of: name), count: CodePattern.length)) != nil
  }

  /// The place in a function that a pattern finds by its first bytes.
  func place(
    _ function: ProbePlace.Function, in name: String, _ pattern: ([UInt8]) -> Int?
  ) throws(PlaceFault) -> ProbePlace {
    try place(function, try address(of: name), name, pattern)
  }

  /// The place in the function that an exported one calls at once.
  func place(
    _ function: ProbePlace.Function, inCalleeOf name: String, _ pattern: ([UInt8]) -> Int?
  ) throws(PlaceFault) -> ProbePlace {
    let address = try address(of: name), code = file.code(at: address, count: CodePattern.length)
    guard let distance = CodePattern.callee(code) else { throw .unknownCode(name, code) }
    // Wraps where a file lies; then no code is there.
    return try place(function, address &+ UInt64(bitPattern: distance), "the callee of \(name)", pattern)
  }

  private func address(of name: String) throws(PlaceFault) -> UInt64 {
    guard let address = addresses[name] else { throw .missing(name) }
    return address
  }

  private func place(
    _ function: ProbePlace.Function, _ address: UInt64, _ name: String, _ pattern: ([UInt8]) -> Int?
  ) throws(PlaceFault) -> ProbePlace {
    let code = file.code(at: address, count: CodePattern.length)
    guard let distance = pattern(code), let offset = file.offset(of: address) else {
      throw .unknownCode(name, code)
    }
    return ProbePlace(function, offset: UInt64(offset + distance))
  }
}
