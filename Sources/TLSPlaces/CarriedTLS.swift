// SPDX-License-Identifier: Apache-2.0

/// An implementation of TLS inside of a program, or of a library that is named after something else.
enum CarriedTLS {
  /// What the text of a program has when it was made of a library whose functions have no names in it: the paths of sources
  /// that its messages are about.
  private static let marks: [(text: String, kind: TLSLibrary.Kind)] = [
    ("boringssl", .boringSSL), ("/rustls-", .rustls),
  ]

  /// The kind of a file; nil for most.
  /// - Parameter isThorough: its constants are searched too, which are read for it.
  static func kind(of file: ELFFile, isThorough: Bool) -> TLSLibrary.Kind? {
    // Most files have none of these: a name by itself tells, in a third of the time.
    if let one = try? file.functions(named: ["SSL_write"]), !one.isEmpty,
      let functions = try? file.functions(named: ["SSL_read", "SSL_read_ex", "SSL_write"]),
      functions["SSL_read"] != nil, functions["SSL_write"] != nil
    {
      return functions["SSL_read_ex"] != nil ? .openSSL : .boringSSL
    }
    if GoPlaces.isSpoken(in: file) { return .go }
    guard isThorough, let constants = file.section(named: ".rodata").flatMap({ file.bytes($0.range) }) else {
      return nil
    }
    return marks.first { ByteSearch.first(Array($0.text.utf8), in: constants) != nil }?.kind
  }
}
