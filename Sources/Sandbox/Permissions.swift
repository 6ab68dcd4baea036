// SPDX-License-Identifier: Apache-2.0
#if os(Linux)
  /// The tasks that a sandboxed process continues to do; each needs some more system calls.
  package struct Permissions: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Follows network interfaces, and binds the packet socket that is there to another one.
    package static var capture: Permissions { Permissions(rawValue: 1 << 0) }
    /// Reads keys from a terminal, sets its mode and asks for its size.
    package static var terminal: Permissions { Permissions(rawValue: 1 << 1) }
    /// Accepts connections on a socket that listens already.
    package static var listen: Permissions { Permissions(rawValue: 1 << 2) }
    /// Connects to other hosts by TCP, and looks up their names.
    package static var connect: Permissions { Permissions(rawValue: 1 << 3) }
    /// Asks whether its leases of files still hold, and takes over files that a helper process has opened.
    package static var leases: Permissions { Permissions(rawValue: 1 << 4) }
    /// Removes files of its own.
    package static var removal: Permissions { Permissions(rawValue: 1 << 5) }
    /// Cuts files, and takes them for itself.
    package static var storage: Permissions { Permissions(rawValue: 1 << 6) }
    /// Begins files of its own that are there already.
    package static var recording: Permissions { Permissions(rawValue: 1 << 7) }
    /// Looks for what other processes execute, reads it, guards it and attaches probes to it, and nothing besides: it
    /// keeps the capabilities for that.
    package static var attaching: Permissions { Permissions(rawValue: 1 << 8) }
    /// Receives open files of the process that has started it, closes them, and nothing besides.
    package static var holding: Permissions { Permissions(rawValue: 1 << 9) }
  }
#endif
