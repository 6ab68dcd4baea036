// SPDX-License-Identifier: Apache-2.0

/// A TLS library of this machine: a file, whichever names and processes it has.
package struct TLSLibrary: Equatable, Sendable {
  /// What speaks TLS in it, by the file's name.
  package enum Kind: Sendable {
    case openSSL, gnuTLS

    /// The kind of a file of this name; nil for others.
    init?(name: some StringProtocol) {
      // libssl.so.3, libssl3.so is another library's; wheels of Python carry libssl-0123abcd.so.3.
      if name.hasPrefix("libssl.so") || (name.hasPrefix("libssl-") && name.contains(".so")) {
        self = .openSSL
      } else if name.hasPrefix("libgnutls.so") {
        self = .gnuTLS
      } else {
        return nil
      }
    }
  }

  /// A file's identity: a path may be another file in each container.
  package struct Identity: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) { (self.device, self.inode) = (device, inode) }
  }

  package var kind: Kind
  /// Its name where it was found: of a container's process, the name in the container.
  package var path: String
  /// What comes before `path` to open it from here: empty, or the root of a process that has mapped it.
  package var root: String
  package var identity: Identity
  /// Processes that have mapped it.
  package var processes: Int

  package init(kind: Kind, path: String, root: String = "", identity: Identity, processes: Int = 0) {
    (self.kind, self.path, self.root) = (kind, path, root)
    (self.identity, self.processes) = (identity, processes)
  }

  /// The places of its code, given the bytes of its file.
  package func places(in bytes: [UInt8]) throws(PlaceFault) -> [ProbePlace] {
    switch kind {
    case .openSSL: try OpenSSLPlaces.find(in: bytes)
    case .gnuTLS: try GnuTLSPlaces.find(in: bytes)
    }
  }
}
