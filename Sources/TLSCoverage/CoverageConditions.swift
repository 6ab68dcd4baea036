// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The conditions of a coverage report: what of TLS can be read in a watch or a file, and who is asked for processes.
package struct CoverageConditions: Sendable {
  /// The way in which text is read.
  package enum Reading: Sendable {
    /// Not at all, since nobody asked for it by this option.
    case off(option: String)
    /// Not at all, for this reason.
    case unavailable(CoverageReason)
    /// At the libraries that were attached to.
    case libraries(TLSAttachment)
    /// With the keys of a file.
    case keys
  }

  /// The ports of TLS.
  package var ports: PortSet
  package var reading: Reading
  /// The name of the process that has an end of a connection at a time: asked with the local end, the remote one and the
  /// capture time; nil where there are no processes.
  package var process: (@Sendable (Endpoint, Endpoint, UInt64) -> String?)?

  package init(
    ports: PortSet, reading: Reading, process: (@Sendable (Endpoint, Endpoint, UInt64) -> String?)? = nil
  ) {
    (self.ports, self.reading, self.process) = (ports, reading, process)
  }

  /// Nanoseconds after its hello within which a connection is read, if it is.
  var patience: UInt64 {
    switch reading {
    case .libraries: 10_000_000_000
    case .keys: .max
    // The server's process is known once it has received the hello.
    case .off, .unavailable: process == nil ? 0 : 2_000_000_000
    }
  }

  /// Connections that are known at a time.
  var capacity: Int { if case .keys = reading { 65_536 } else { 8_192 } }

  /// How text could be read, where nobody asked for it.
  var hint: String? { if case .off(let option) = reading { option } else { nil } }

  /// The reason why a connection was not read.
  /// - Parameters:
  ///   - readers: names of processes of which connections were read.
  func reason(
    _ connection: SeenConnections.Connection, process: String?, readers: Set<String>
  ) -> CoverageReason {
    switch reading {
    case .off: return .off
    case .unavailable(let reason): return reason
    case .keys: return connection.reason ?? .noText
    case .libraries(let attachment):
      if connection.time < attachment.since { return .beganBefore }
      guard let process else { return self.process == nil ? .notTied : .noProcess }
      let program = attachment[process]
      switch program?.libraries {
      // A program that started later is attached to a while after that.
      case .attached: return connection.time < program?.since ?? 0 ? .beganBefore : .notTied
      case .unattached(let kind): return .notAttachable(kind)
      // With none that is known, or it has not been looked at.
      case .nothing, nil: return readers.contains(process) ? .notTied : .noLibrary
      }
    }
  }
}
