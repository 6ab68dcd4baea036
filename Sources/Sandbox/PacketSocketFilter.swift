// SPDX-License-Identifier: Apache-2.0

import System
#if os(Linux)
  internal import CSeccomp
  internal import Glibc

  /// Seccomp: nothing can be sent by the packet sockets that are open, which ask for a privilege only when they are
  /// opened (packet_create).
  ///
  /// A filter of its own beside `SystemCallFilter`, since a rule has one test an argument: whichever of the two refuses
  /// a call, it is refused. Descriptors cannot be duplicated, and a watch closes no packet socket
  /// before its outputs have ended, so their numbers are theirs.
  enum PacketSocketFilter {
    /// Calls that send by the descriptor that is their first argument.
    private static let sending = [
      "write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg", "sendmmsg",
    ]
    /// linux/socket.h; rings and fan-out are options of this level.
    private static let packetLevel: UInt64 = 263

    /// Loads the filter, on all threads; nothing where no packet socket is open.
    static func install() throws(SystemError) {
      let sockets = packetSockets()
      if sockets.isEmpty { return }
      guard let filter = unsafe seccomp_init(wt_seccomp_allow()) else { throw SystemError(ENOMEM) }
      // Made here, released here, used by no one else.
      defer { unsafe seccomp_release(filter) }
      unsafe try check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1))
      var refused: [(name: String, argument: UInt32, value: UInt64)] = []
      for name in sending { refused += sockets.map { (name, 0, UInt64($0)) } }
      refused += [F_DUPFD, F_DUPFD_CLOEXEC].map { ("fcntl", 1, UInt64($0)) }
      refused.append(("setsockopt", 1, packetLevel))
      for call in refused {
        // A name that this processor's kernel does not have has no number, and needs no rule.
        let number = unsafe seccomp_syscall_resolve_name(call.name)
        if number == -1 { continue }
        // The lower half alone, as the kernel reads a descriptor.
        let test = scmp_arg_cmp(
          arg: call.argument, op: SCMP_CMP_MASKED_EQ, datum_a: 0xffff_ffff, datum_b: call.value)
        // Copied before the call returns.
        unsafe try check(seccomp_rule_add_array(filter, wt_seccomp_refuse(EPERM), number, 1, [test]))
      }
      unsafe try check(seccomp_load(filter))
    }

    /// The descriptors of this process that are packet sockets.
    private static func packetSockets() -> [Int32] {
      let limit = Int32(clamping: min(sysconf(Int32(_SC_OPEN_MAX)), 65_536))
      return (0..<max(limit, 0)).filter { descriptor in
        var domain: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // Writes at most four bytes; fails for what is no socket.
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0
          && domain == AF_PACKET
      }
    }

    private static func check(_ result: Int32) throws(SystemError) {
      if result != 0 && result != -EEXIST { throw SystemError(-result) }
    }
  }
#endif
