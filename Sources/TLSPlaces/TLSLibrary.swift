// SPDX-License-Identifier: Apache-2.0

/// A file of this machine that speaks TLS: a library or a program, whichever names and processes it has.
package struct TLSLibrary: Equatable, Sendable {
  /// The implementation of TLS in it.
  package enum Kind: String, Sendable, CaseIterable {
    case openSSL = "OpenSSL"
    case gnuTLS = "GnuTLS"
    case go = "Go"
    case boringSSL = "BoringSSL"
    case rustls = "rustls"
    case java = "Java"

    /// The kind of a file of this name; nil for others.
    init?(name: some StringProtocol) {
      // libssl.so.3, libssl3.so is another library's; wheels of Python carry libssl-0123abcd.so.3.
      if name.hasPrefix("libssl.so") || (name.hasPrefix("libssl-") && name.contains(".so")) {
        self = .openSSL
      } else if name.hasPrefix("libgnutls.so") {
        self = .gnuTLS
      } else if name == "libjvm.so" {
        self = .java
      } else {
        return nil
      }
    }

    /// The reason why text of this kind cannot be read; nil when it can.
    package var limit: String? {
      switch self {
      case .openSSL, .gnuTLS, .go: nil
      case .boringSSL: "BoringSSL is part of it, and its functions have no known names or code"
      case .rustls: "rustls is part of it, whose functions have no names that last"
      case .java: "Java's TLS is code that is made while it runs"
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

  /// The places of its code, given its file.
  package func places(in bytes: any FileBytes) throws(PlaceFault) -> [ProbePlace] {
    let file: ELFFile
    do throws(ELFFile.Fault) {
      file = try ELFFile(bytes)
    } catch {
      throw .file(error)
    }
    switch kind {
    case .openSSL: return try OpenSSLPlaces.find(in: file)
    case .gnuTLS: return try GnuTLSPlaces.find(in: file)
    case .go: return try GoPlaces.find(in: file)
    case .boringSSL, .rustls, .java: throw .kind(kind)
    }
  }
}
