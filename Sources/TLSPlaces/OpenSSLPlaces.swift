// SPDX-License-Identifier: Apache-2.0

/// The places of OpenSSL's libssl: the internal functions that SSL_read and SSL_write, and their forms with a length
/// pointer, call alike.
///
///     SSL_read, SSL_read_ex ───▶ ssl_read_internal       SSL_write, SSL_write_ex ─▶ ssl_write_internal
///
/// Both exported forms begin with an instruction that is dear to probe, and each internal function with a `push`.
/// They are no symbols; the exported `_ex` form calls them at once.
package enum OpenSSLPlaces {
  /// Why a library's places are not known.
  package enum Fault: Error, Equatable, Sendable {
    /// The file itself cannot be read.
    case file(ELFFile.Fault)
    /// It does not export a function.
    case missing(String)
    /// A function begins with code that is in no pattern; its first bytes.
    case unknownCode(String, [UInt8])
  }

  private static let exports: Set<String> = [
    "SSL_read_ex", "SSL_write_ex", "SSL_write_ex2", "SSL_do_handshake", "SSL_free",
  ]

  /// The places in a file, each function once.
  package static func find(in bytes: [UInt8]) throws(Fault) -> [ProbePlace] {
    let file: ELFFile
    do throws(ELFFile.Fault) {
      file = try ELFFile(bytes)
    } catch {
      throw .file(error)
    }
    let functions = file.functions(named: exports)
    // Where there is a form with flags, the internal function has them too.
    let hasFlags = functions["SSL_write_ex2"] != nil
    return [
      try inner("SSL_read_ex", .read, functions, file),
      try inner(
        hasFlags ? "SSL_write_ex2" : "SSL_write_ex", hasFlags ? .writeWithFlags : .write, functions, file),
      try place("SSL_do_handshake", .handshake, functions, file, CodePattern.push),
      try place("SSL_free", .free, functions, file, CodePattern.jumpIfNull),
    ]
  }

  /// The place in the function that an exported one calls.
  private static func inner(
    _ name: String, _ function: ProbePlace.Function, _ functions: [String: UInt64], _ file: ELFFile
  ) throws(Fault) -> ProbePlace {
    guard let address = functions[name] else { throw .missing(name) }
    let code = file.code(at: address, count: CodePattern.length)
    guard let distance = CodePattern.callee(code) else { throw .unknownCode(name, code) }
    // Wraps where a file lies; then no code is there.
    let callee = address &+ UInt64(bitPattern: distance)
    return try place(callee, "the callee of \(name)", function, file, CodePattern.push)
  }

  private static func place(
    _ name: String, _ function: ProbePlace.Function, _ functions: [String: UInt64], _ file: ELFFile,
    _ pattern: ([UInt8]) -> Int?
  ) throws(Fault) -> ProbePlace {
    guard let address = functions[name] else { throw .missing(name) }
    return try place(address, name, function, file, pattern)
  }

  private static func place(
    _ address: UInt64, _ name: String, _ function: ProbePlace.Function, _ file: ELFFile,
    _ pattern: ([UInt8]) -> Int?
  ) throws(Fault) -> ProbePlace {
    let code = file.code(at: address, count: CodePattern.length)
    guard let distance = pattern(code), let offset = file.offset(of: address) else {
      throw .unknownCode(name, code)
    }
    return ProbePlace(function, offset: UInt64(offset + distance))
  }
}

extension OpenSSLPlaces.Fault: CustomStringConvertible {
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
