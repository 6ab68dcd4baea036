// SPDX-License-Identifier: Apache-2.0
import CThreads
import Glibc
import KernelCapture
import System

/// Something that a sandboxed process may try, and the error number that it gets; 0 when it works.
struct Attempt {
  var name: String
  var run: () -> Int32

  init(_ name: String, _ run: @escaping () -> Int32) {
    self.name = name
    self.run = run
  }

  /// What a break-in would want, and what the program itself still needs.
  static func all(folder: String, descriptor: Int32, packetSocket: Int32) -> [Attempt] {
    [
      Attempt("send by the packet socket") { send(packetSocket) },
      Attempt("duplicate a descriptor") {
        // Its number is known to nobody's filter.
        open(fcntl(packetSocket, F_DUPFD_CLOEXEC, 300))
      },
      Attempt("give the packet socket a ring") {
        // Block size and number, frame size and number: linux/if_packet.h.
        var request: [UInt32] = [4_096, 1, 2_048, 2]
        return result(unsafe setsockopt(packetSocket, 263, 5, &request, 16))
      },
      Attempt("open a packet socket") { open(socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)) },
      Attempt("open a network socket") { open(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)) },
      Attempt("open a local socket") { open(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)) },
      Attempt("make a BPF map") { KernelProbe.ask().isRingBufferForbidden ? EPERM : 0 },
      Attempt("start a program") {
        var child: pid_t = 0
        // Both lists end with null, and live as long as the call.
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [strdup("true"), nil]
        return unsafe posix_spawn(&child, "/bin/true", nil, nil, &arguments, nil)
      },
      Attempt("become root") { result(setuid(0)) },
      Attempt("become another group") { result(setgid(0)) },
      // Signal 0 reaches nobody, it only asks.
      Attempt("signal another process") { result(kill(getppid(), 0)) },
      Attempt("read the shadow passwords") { open(unsafe Glibc.open("/etc/shadow", O_RDONLY)) },
      Attempt("read a file of everybody's outside") {
        open(unsafe Glibc.open(folder + "/outside", O_RDONLY))
      },
      Attempt("make a file outside") {
        open(unsafe Glibc.open("/tmp/wiretally-probe", O_WRONLY | O_CREAT, 0o600))
      },
      Attempt("change a mode") { result(unsafe chmod(folder + "/log/there", 0o777)) },
      Attempt("remove a file") { result(unsafe unlink(folder + "/log/there")) },
      Attempt("map memory as code") {
        unsafe mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
          ? errno : 0
      },
      Attempt("type into the terminal") {
        var character: CChar = 10
        return result(unsafe ioctl(descriptor, UInt(TIOCSTI), &character))
      },
      Attempt("read the list of users") { open(unsafe Glibc.open("/etc/passwd", O_RDONLY)) },
      Attempt("make a file beside the log") {
        open(unsafe Glibc.open(folder + "/log/new", O_WRONLY | O_CREAT | O_APPEND, 0o640))
      },
      Attempt("start a thread") {
        do throws(SystemError) {
          try SystemThread("probe") {}.join()
          return 0
        } catch {
          return error.code
        }
      },
      // The text is terminated and copied by the call.
      Attempt("name a thread") { unsafe wt_threads_name("named") },
      Attempt("allocate memory") {
        let memory = unsafe malloc(64 << 20)
        defer { unsafe free(memory) }
        return unsafe memory == nil ? ENOMEM : 0
      },
    ]
  }

  /// Sends a frame of an Ethertype for local experiments, to nobody.
  private static func send(_ socket: Int32) -> Int32 {
    let frame = [UInt8](repeating: 0, count: 12) + [0x88, 0xb5] + [UInt8](repeating: 0, count: 46)
    return unsafe write(socket, frame, frame.count) == frame.count ? 0 : errno
  }

  private static func open(_ descriptor: Int32) -> Int32 {
    if descriptor < 0 { return errno }
    close(descriptor)
    return 0
  }

  private static func result(_ status: Int32) -> Int32 { status == 0 ? 0 : errno }
}
