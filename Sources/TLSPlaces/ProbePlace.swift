// SPDX-License-Identifier: Apache-2.0

/// A place of a library's code where its plain text passes by.
package struct ProbePlace: Equatable, Sendable {
  /// The probe that runs there.
  package enum Function: String, Sendable, CaseIterable {
    /// Plain text is returned to the program.
    case read
    /// Plain text is taken from the program; the length that was taken is returned by the fourth argument.
    case write
    /// The same with the length by the fifth argument (OpenSSL 3.3 and later).
    case writeWithFlags
    /// Plain text is returned to the program; its length is the result.
    case receive
    /// Plain text is taken from the program; the length that was taken is the result.
    case send
    case handshake
    /// The connection's memory is given back.
    case free
    /// Those of Go's crypto/tls.
    case goRead, goWrite, goHandshake, goClose

    /// Whether its end is seen by a probe of its return, which replaces the return address on the stack. Go moves stacks, and
    /// would crash; the end of a connection is its function's beginning.
    package var hasReturnProbe: Bool {
      switch self {
      case .read, .write, .writeWithFlags, .receive, .send, .handshake: true
      case .free, .goRead, .goWrite, .goHandshake, .goClose: false
      }
    }
  }

  package var function: Function
  /// Where in the file it is: the first instruction that the kernel emulates instead of stepping over it.
  package var offset: UInt64
  /// It is one of the function's ends: a `ret`.
  package var isEnd: Bool

  package init(_ function: Function, offset: UInt64, isEnd: Bool = false) {
    (self.function, self.offset, self.isEnd) = (function, offset, isEnd)
  }
}
