// SPDX-License-Identifier: Apache-2.0

/// The places of OpenSSL's libssl: the internal functions that SSL_read and SSL_write, and their forms with a length
/// pointer, call alike.
///
///     SSL_read, SSL_read_ex ───▶ ssl_read_internal       SSL_write, SSL_write_ex ─▶ ssl_write_internal
///
/// Both exported forms begin with an instruction that is dear to probe, and each internal function with a `push`.
/// They are no symbols; the exported `_ex` form calls them at once.
enum OpenSSLPlaces {
  private static let exports: Set<String> = [
    "SSL_read_ex", "SSL_write_ex", "SSL_write_ex2", "SSL_do_handshake", "SSL_free",
  ]

  /// The places in a file, each function once.
  static func find(in bytes: [UInt8]) throws(PlaceFault) -> [ProbePlace] {
    let functions = try NamedFunctions(exports, in: bytes)
    let read = try functions.place(.read, inCalleeOf: "SSL_read_ex", CodePattern.push)
    // Where there is a form with flags, the internal function has them too.
    let write =
      functions.has("SSL_write_ex2")
      ? try functions.place(.writeWithFlags, inCalleeOf: "SSL_write_ex2", CodePattern.push)
      : try functions.place(.write, inCalleeOf: "SSL_write_ex", CodePattern.push)
    return [
      read, write,
      try functions.place(.handshake, in: "SSL_do_handshake", CodePattern.push),
      try functions.place(.free, in: "SSL_free", CodePattern.jumpIfNull),
    ]
  }
}
