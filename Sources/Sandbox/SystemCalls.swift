// SPDX-License-Identifier: Apache-2.0
#if os(Linux)
  internal import CSeccomp
  internal import Glibc

  /// The system calls that a sandboxed process makes, by what it continues to do. Found by strace, on
  /// glibc 2.36; those of other processors and libraries stand beside them. A program linked with a glibc before
  /// 2.33, as a release is, reads a file's state by stat(2) and not by newfstatat(2), wherever it runs.
  enum SystemCalls {
    static func needed(_ permissions: Permissions) -> [SystemCall] {
      if permissions.contains(.attaching) { return attaching }
      if permissions.contains(.holding) { return holding }
      var calls = always.map { SystemCall(name: $0) } + limited
      if permissions.contains(.capture) { calls += capture }
      if permissions.contains(.terminal) { calls += terminal }
      if permissions.contains(.listen) { calls += listen.map { SystemCall(name: $0) } }
      if !permissions.isDisjoint(with: [.listen, .connect]) {
        calls += eventLoop.map { SystemCall(name: $0) }
      }
      if permissions.contains(.leases) { calls += [leases, SystemCall(name: "recvmsg")] }
      if permissions.contains(.removal) { calls += removal.map { SystemCall(name: $0) } }
      if permissions.contains(.storage) { calls += storage.map { SystemCall(name: $0) } }
      if permissions.contains(.recording) { calls += recording.map { SystemCall(name: $0) } }
      if permissions.contains(.connect) { calls += connect.map { SystemCall(name: $0) } + sockets }
      if wt_seccomp_is_sanitised() != 0 { calls += sanitiser.map { SystemCall(name: $0) } }
      return calls
    }

    /// A history's files: one is emptied when its turn has come, and none is shared.
    private static let storage = ["ftruncate", "flock"]

    /// What the run-time of a sanitiser asks besides: of new threads, and for its report. In no release.
    static let sanitiser = [
      "sched_getaffinity", "sigaltstack", "prlimit64", "sched_yield", "readlink", "readlinkat",
    ]

    /// Pages, the alert log, waiting, memory, the end.
    private static let always = [
      "read", "write", "close", "openat", "fstat", "newfstatat", "stat", "lstat", "poll", "ppoll", "futex",
      "clock_gettime", "clock_nanosleep", "madvise", "munmap", "brk", "rt_sigaction", "rt_sigprocmask",
      "rt_sigreturn",
      "restart_syscall", "lseek", "set_robust_list", "rseq", "getrandom", "getpid", "gettid", "exit",
      "exit_group",
    ]

    /// Threads and their names but no processes, memory but no code, whether a descriptor is a terminal; signals only
    /// to itself (a crash's abort).
    private static var limited: [SystemCall] {
      [
        SystemCall(name: "clone", tests: [[.with(argument: 0, wt_seccomp_thread())]]),
        SystemCall(name: "prctl", tests: [[.equal(argument: 0, UInt64(PR_SET_NAME))]]),
        SystemCall(name: "mmap", tests: [[.without(argument: 2, UInt64(PROT_EXEC))]]),
        SystemCall(name: "mprotect", tests: [[.without(argument: 2, UInt64(PROT_EXEC))]]),
        controls([UInt(TCGETS)]),
        SystemCall(name: "tgkill", tests: [[.equal(argument: 0, UInt64(getpid()))]]),
      ]
    }

    /// The packet socket is bound again when its interface was re-created; libpcap asks its own for losses.
    private static var capture: [SystemCall] {
      [SystemCall(name: "bind"), SystemCall(name: "getsockopt"), controls(interfaceQuestions)]
    }

    /// F_GETLEASE of fcntl.h: of its number alone.
    private static var leases: SystemCall {
      SystemCall(name: "fcntl", tests: [[.equal(argument: 1, 1_025)]])
    }

    /// Files are opened for reading alone and looked at, links are made, and what comes of it is sent: no memory of other
    /// processes is asked for but by their files, nothing is written, no process and no thread begins.
    private static var attaching: [SystemCall] {
      let writing = UInt64(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
      let plain = attachingPlain + (wt_seccomp_is_sanitised() != 0 ? sanitiser : [])
      return plain.map { SystemCall(name: $0) } + [
        SystemCall(name: "openat", tests: [[.without(argument: 2, writing)]]),
        SystemCall(name: "mmap", tests: [[.without(argument: 2, UInt64(PROT_EXEC))]]),
        SystemCall(name: "mprotect", tests: [[.without(argument: 2, UInt64(PROT_EXEC))]]),
        // F_SETSIG, F_SETLEASE, F_GETLEASE of fcntl.h; F_GETFL is opendir's.
        SystemCall(
          name: "fcntl",
          tests: [[.equal(argument: 1, 10)], [.equal(argument: 1, 1_024)], [.equal(argument: 1, 1_025)]]
            + [[.equal(argument: 1, UInt64(F_GETFL))]]),
        SystemCall(name: "prctl", tests: [[.equal(argument: 0, UInt64(PR_SET_PDEATHSIG))]]),
        // BPF_LINK_CREATE of linux/bpf.h.
        SystemCall(name: "bpf", tests: [[.equal(argument: 0, 28)]]),
        SystemCall(name: "tgkill", tests: [[.equal(argument: 0, UInt64(getpid()))]]),
      ]
    }

    private static let attachingPlain = [
      "read", "write", "pread64", "close", "fstat", "newfstatat", "stat", "lstat", "fstatfs", "readlink",
      "readlinkat",
      "getdents64", "lseek", "poll", "ppoll", "sendmsg", "recvmsg", "alarm", "setitimer", "futex",
      "clock_gettime", "madvise", "munmap", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
      "restart_syscall", "clock_nanosleep", "getrandom", "getpid", "gettid", "exit", "exit_group",
    ]

    /// What a process that only waits, receives and closes asks of the kernel.
    private static var holding: [SystemCall] {
      let plain = holdingPlain + (wt_seccomp_is_sanitised() != 0 ? sanitiser : [])
      return plain.map { SystemCall(name: $0) } + [
        SystemCall(name: "mmap", tests: [[.without(argument: 2, UInt64(PROT_EXEC))]]),
        SystemCall(name: "mprotect", tests: [[.without(argument: 2, UInt64(PROT_EXEC))]]),
        SystemCall(name: "tgkill", tests: [[.equal(argument: 0, UInt64(getpid()))]]),
      ]
    }

    private static let holdingPlain = [
      "read", "write", "close", "poll", "ppoll", "recvmsg", "futex", "clock_gettime", "clock_nanosleep",
      "madvise", "munmap", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "restart_syscall",
      "getrandom", "getpid", "gettid", "exit", "exit_group",
    ]

    private static let removal = ["unlink", "unlinkat"]

    /// A capture file that is used again: whose it is, its mode, and its emptying.
    private static let recording = ["geteuid", "fchmod", "ftruncate"]

    private static var terminal: [SystemCall] {
      [
        controls(terminalQuestions), SystemCall(name: "select"), SystemCall(name: "pselect6"),
        SystemCall(name: "fcntl"), SystemCall(name: "kill", tests: [[.equal(argument: 0, UInt64(getpid()))]]),
        SystemCall(name: "access"), SystemCall(name: "faccessat"),
        // The end of the process that puts the terminal back after a SIGKILL.
        SystemCall(name: "wait4"), SystemCall(name: "waitid"),
      ]
    }

    private static let listen = [
      "accept4", "accept", "recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown", "setsockopt", "getsockopt",
      "getpeername", "getsockname", "fcntl", "writev",
      // And what is reported to clients.
      "listen", "getrusage", "pread64",
    ]

    /// The loop that waits for all connections, on its own thread.
    private static let eventLoop = [
      "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "timerfd_create",
      "timerfd_settime",
    ]

    /// A connection, and the resolver of names, which loads parts of the C library only then.
    private static let connect = [
      "connect", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "shutdown", "setsockopt",
      "getsockopt", "getsockname", "getpeername", "bind", "fcntl", "writev", "ioctl", "uname", "lseek",
      "pread64",
      "mmap", "mprotect", "access", "faccessat",
    ]

    /// TCP and the resolver's own; no packet sockets, whatever privileges there might be.
    private static var sockets: [SystemCall] {
      let families = [AF_INET, AF_INET6, AF_UNIX, AF_NETLINK]
      return [
        SystemCall(name: "socket", tests: families.map { [.equal(argument: 0, UInt64($0))] })
      ]
    }

    private static var interfaceQuestions: [UInt] {
      [SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFHWADDR].map { UInt($0) }
    }

    /// Mode, size and foreground group; not TIOCSTI, which types commands into the operator's shell.
    private static var terminalQuestions: [UInt] {
      [TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, TIOCGPGRP, TCFLSH, FIONREAD].map { UInt($0) }
    }

    private static func controls(_ requests: [UInt]) -> SystemCall {
      SystemCall(name: "ioctl", tests: requests.map { [.equal(argument: 1, UInt64($0))] })
    }
  }
#endif
