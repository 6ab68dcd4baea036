// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A process that a test starts, and that does not outlive it.
///
/// It inherits nothing but its three standard descriptors, and signals as they are by default. Foundation's
/// `Process` waits until a socket closes that the child inherits, and so do children of other threads:
/// two tests that run side by side could wait for each other's servers without end.
public final class ChildProcess {
  /// What a standard descriptor is; a file is created again when it is written to.
  public enum Stream {
    case nothing
    case file(String)
    case descriptor(Int32)
  }

  /// Its number; 0 when it could not be started.
  public let identifier: Int32
  private var ended: Int32?
  private var pipe: Int32 = -1

  /// Starts a command, found by the search path. With `isFed` its standard input is a pipe, open until
  /// `endInput`; else `input` is.
  public init(
    _ command: [String], input: Stream = .nothing, isFed: Bool = false, output: Stream = .nothing,
    errors: Stream = .nothing
  ) {
    var source = input
    var ends: [Int32] = [-1, -1]
    if isFed, unsafe Glibc.pipe(&ends) == 0 {
      source = .descriptor(ends[0])
      pipe = ends[1]
    }
    identifier = Self.start(command, [source, output, errors])
    if identifier == 0 { ended = 127 }
    if isFed { close(ends[0]) }
  }

  deinit {
    endInput()
    if isRunning {
      send(SIGTERM)
      wait(seconds: 5)
    }
  }

  public var isRunning: Bool {
    if ended != nil { return false }
    var status: Int32 = 0
    guard unsafe waitpid(identifier, &status, WNOHANG) != 0 else { return true }
    // As a shell tells it: a signal is 128 and its number.
    ended = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    return false
  }

  /// Its exit status as a shell tells it, 127 when it could not be started; nil while it runs.
  public var status: Int32? { isRunning ? nil : ended }

  /// Waits for its end; after `seconds` it is killed with all that it started.
  /// - Returns: whether it ended by itself.
  @discardableResult
  public func wait(seconds: Int) -> Bool {
    let limit = ContinuousClock.now + .seconds(seconds)
    while isRunning {
      if ContinuousClock.now > limit {
        kill(-identifier, SIGKILL)
        while isRunning { usleep(5_000) }
        return false
      }
      usleep(5_000)
    }
    return true
  }

  public func send(_ signal: Int32) { if isRunning { kill(identifier, signal) } }

  /// Closes its standard input, when that is a pipe.
  public func endInput() {
    if pipe >= 0 { close(pipe) }
    pipe = -1
  }

  private static func start(_ command: [String], _ streams: [Stream]) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    for (number, stream) in zip(Int32(0)..., streams) {
      let flags = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC
      switch stream {
      case .nothing: unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
      case .file(let path): unsafe posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o644)
      case .descriptor(let given): unsafe posix_spawn_file_actions_adddup2(&actions, given, number)
      }
    }
    // One that is not open may be closed too (sysdeps/unix/sysv/linux/spawni.c); a test has far fewer.
    for other in Int32(3)..<1024 { unsafe posix_spawn_file_actions_addclose(&actions, other) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    // The C strings live until the call returns.
    var words = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: Int32 = 0
    guard let program = unsafe words[0] else { return 0 }
    let fault = unsafe posix_spawnp(&process, program, &actions, &attributes, &words, environ)
    return fault == 0 ? process : 0
  }
}
