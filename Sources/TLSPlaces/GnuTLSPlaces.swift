// SPDX-License-Identifier: Apache-2.0

/// The places of GnuTLS: the exported functions themselves, since none of them calls another one at once.
///
/// gnutls_record_send is a jump to gnutls_record_send2, which versions before 3.6.3 lack.
enum GnuTLSPlaces {
  private static let exports: Set<String> = [
    "gnutls_record_recv", "gnutls_record_send", "gnutls_record_send2", "gnutls_handshake", "gnutls_deinit",
  ]

  /// The places in a file, each function once.
  static func find(in file: ELFFile) throws(PlaceFault) -> [ProbePlace] {
    let functions = try NamedFunctions(exports, in: file)
    let send = functions.has("gnutls_record_send2") ? "gnutls_record_send2" : "gnutls_record_send"
    return [
      try functions.place(.receive, in: "gnutls_record_recv", CodePattern.beginning),
      try functions.place(.send, in: send, CodePattern.beginning),
      try functions.place(.handshake, in: "gnutls_handshake", CodePattern.push),
      try functions.place(.free, in: "gnutls_deinit", CodePattern.jumpIfNull),
    ]
  }
}
