// SPDX-License-Identifier: Apache-2.0
internal import System

/// The TLS libraries of programs that are attached to, and since when; any thread may ask.
package final class TLSAttachment: Sendable {
  /// The TLS libraries that processes of one name had mapped.
  package enum Libraries: Equatable, Sendable {
    case nothing
    /// One whose text is read.
    case attached
    /// One of this kind, and none whose text is read.
    case unattached(String)
  }

  /// The state of a program, and since when, capture time.
  package struct Program: Equatable, Sendable {
    package var libraries: Libraries
    package var since: UInt64
  }

  /// Since when text is read, capture time.
  package let since: UInt64
  /// By the names of processes.
  private let programs: Locked<[String: Program]>

  /// - Parameter programs: those that were found at the beginning.
  package init(since: UInt64, programs: [String: Libraries]) {
    self.since = since
    self.programs = Locked(programs.mapValues { Program(libraries: $0, since: since) })
  }

  /// What is known of the program that processes of this name run.
  package subscript(name: String) -> Program? { programs.withLock { $0[name] } }

  /// Notes what was found later. What is attached to stays so: other processes of the name may have other libraries.
  package func note(_ name: String, _ libraries: Libraries, at time: UInt64) {
    programs.withLock { programs in
      let before = programs[name]?.libraries
      if before == .attached || before == libraries || (before != nil && libraries == .nothing) { return }
      programs[name] = Program(libraries: libraries, since: time)
    }
  }
}

/// The tasks that a watch has a helper process for.
package enum LibraryHelperRole: Sendable {
  /// To attach to what appears later.
  case attaching
  /// To have the probes besides the watch, where taking them out takes seconds: the watch ends before they do.
  case holding
}

/// A change to the files whose TLS text is read, in words.
package struct LibraryChange: Equatable, Sendable {
  package var text: String
  /// Something is not read.
  package var isWarning: Bool

  package init(_ text: String, isWarning: Bool) { (self.text, self.isWarning) = (text, isWarning) }
}
