// SPDX-License-Identifier: Apache-2.0

/// Why the text of a TLS connection was not read.
package enum CoverageReason: Hashable, Sendable {
  /// Nobody asked for it.
  case off
  /// The capture is libpcap's, which sees packets alone.
  case libpcap
  /// The hello came before the libraries were attached to.
  case beganBefore
  /// The process has no TLS library that is known.
  case noLibrary
  /// The process has one, of this kind if that is known, and it got no probes.
  case notAttachable(String?)
  /// The process has a library that is read, and no text came that is known to be the connection's.
  case notTied
  /// Neither end is a process of this machine, as far as anybody knows.
  case noProcess
  /// A capture file's connection whose keys are not known, or that cannot be decrypted for another reason.
  case undecrypted(String)
  /// A capture file's connection that brought nothing but its handshake.
  case noText

  /// The words of outputs.
  package var text: String {
    switch self {
    case .off: "off"
    case .libpcap: "libpcap"
    case .beganBefore: "began before"
    case .noLibrary: "no library found"
    case .notAttachable(let kind): kind.map { "not attachable: \($0)" } ?? "not attachable"
    case .notTied: "not tied"
    case .noProcess: "no process here"
    case .undecrypted(let why): why
    case .noText: "no text"
    }
  }
}
