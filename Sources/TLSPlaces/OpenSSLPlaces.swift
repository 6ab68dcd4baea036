// SPDX-License-Identifier: Apache-2.0

/// The places of OpenSSL, in its library or in a program that carries it: the internal functions that SSL_read and
/// SSL_write, and their forms with a length pointer, call alike.
///
///     SSL_read, SSL_read_ex ───▶ ssl_read_internal       SSL_write, SSL_write_ex ─▶ ssl_write_internal
///
/// Where both exported forms begin with an instruction that is dear to probe, each internal function begins with a `push`.
/// They are no symbols; the exported `_ex` form calls them at once. Where a compiler has put the internal functions into the
/// exported ones, these are the places, all of them.
enum OpenSSLPlaces {
  private static let exports: Set<String> = [
    "SSL_read", "SSL_read_ex", "SSL_write", "SSL_write_ex", "SSL_write_ex2", "SSL_do_handshake", "SSL_free",
  ]

  /// The places in a file: of reads, of writes, of the handshake and of the end.
  static func find(in file: ELFFile) throws(PlaceFault) -> [ProbePlace] {
    let functions = try NamedFunctions(exports, in: file)
    return try reads(functions) + writes(functions) + [
      try functions.place(.handshake, in: "SSL_do_handshake", CodePattern.push),
      try functions.place(.free, in: "SSL_free") { CodePattern.jumpIfNull($0) ?? CodePattern.push($0) },
    ]
  }

  private static func reads(_ functions: NamedFunctions) throws(PlaceFault) -> [ProbePlace] {
    if try functions.callsAtOnce("SSL_read_ex") {
      return [try functions.place(.read, inCalleeOf: "SSL_read_ex", CodePattern.push)]
    }
    return [
      try functions.place(.read, in: "SSL_read_ex", CodePattern.push),
      try functions.place(.receive, in: "SSL_read", CodePattern.push),
    ]
  }

  private static func writes(_ functions: NamedFunctions) throws(PlaceFault) -> [ProbePlace] {
    // Where there is a form with flags, the internal function has them too.
    let hasFlags = functions.has("SSL_write_ex2"), name = hasFlags ? "SSL_write_ex2" : "SSL_write_ex"
    if try functions.callsAtOnce(name) {
      return [try functions.place(hasFlags ? .writeWithFlags : .write, inCalleeOf: name, CodePattern.push)]
    }
    // SSL_write_ex may be a call of the form with flags: the outer one is what counts then.
    return try (hasFlags ? [functions.place(.writeWithFlags, in: name, CodePattern.push)] : []) + [
      try functions.place(.write, in: "SSL_write_ex", CodePattern.push),
      try functions.place(.send, in: "SSL_write", CodePattern.push),
    ]
  }
}
