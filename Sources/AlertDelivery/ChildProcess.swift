// SPDX-License-Identifier: Apache-2.0

package import System
// The C library's `environ` is a variable; nothing in this program changes the environment.
@unsafe @preconcurrency internal import Glibc

/// A process of ours, in a group of its own, and the C calls to start, end and reap it.
///
/// swift-subprocess would do it too, but only in async functions and with Foundation's essentials; a
/// delivery process waits for one process at a time and needs neither.
package struct ChildProcess {
  /// The end of a process.
  package enum End: Equatable, Sendable {
    case exited(Int32)
    case killed(Int32)
  }

  package let identifier: Int32

  /// Starts a program with these descriptors as its 0, 1 and 2; no other one of ours is passed on, since
  /// all close on exec. Signals are as for any new process.
  package init(
    program: String, arguments: [String], environment: [String], descriptors: [Int32]
  ) throws(SystemError) {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    // Both are initialised before their use and destroyed after it.
    guard unsafe posix_spawn_file_actions_init(&actions) == 0 else { throw SystemError(ENOMEM) }
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    guard unsafe posix_spawnattr_init(&attributes) == 0 else { throw SystemError(ENOMEM) }
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    for (target, source) in descriptors.enumerated() {
      // A source that is its own target already keeps open by this, too.
      unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
    }
    var all = sigset_t()
    var none = sigset_t()
    unsafe sigfillset(&all)
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    // Terminated strings that outlive the call, and arrays that end in nil.
    let arguments = unsafe arguments.map { unsafe strdup($0) }
    let environment = unsafe environment.map { unsafe strdup($0) }
    defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
    var identifier: pid_t = 0
    let status = unsafe posix_spawn(
      &identifier, program, &actions, &attributes, arguments + [nil], environment + [nil])
    guard status == 0 else { throw SystemError(status) }
    self.identifier = identifier
  }

  /// The end of the process; nil while it runs. Once it has been reported, it must not be asked again.
  package func ended() -> End? {
    var status: Int32 = 0
    // The call fills a local value.
    let reaped = unsafe waitpid(identifier, &status, WNOHANG)
    // Somebody else reaped it, which nobody should: it is over in any case.
    if reaped < 0 && errno == ECHILD { return .exited(0) }
    guard reaped == identifier else { return nil }
    // The macros of sys/wait.h are not imported: the low seven bits are the signal.
    return status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .killed(status & 0x7f)
  }

  /// Sends a signal to it and to all that it started in its group.
  package func signal(_ number: Int32) { kill(-identifier, number) }

  /// The environment of this process, as `NAME=value`.
  package static var environment: [String] {
    var texts: [String] = []
    // The C library's list ends in nil, and its texts stay.
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      texts.append(unsafe String(cString: text))
      unsafe entry += 1
    }
    return texts
  }
}
