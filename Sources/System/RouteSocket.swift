// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc

  /// Questions about this process's network namespace: its addresses and interfaces (rtnetlink(7)).
  ///
  /// The socket is opened while the process may open one; a question on it takes no privilege. One thread at a time asks.
  package struct RouteSocket: Sendable {
    /// A question to the kernel: all entries of one kind.
    package enum Question: Sendable {
      case addresses, links

      /// RTM_GETADDR or RTM_GETLINK.
      var type: UInt8 { self == .addresses ? 22 : 18 }

      /// RTM_NEWADDR or RTM_NEWLINK: an entry.
      var answer: UInt32 { self == .addresses ? 20 : 16 }

      /// struct nlmsghdr: length, type, NLM_F_REQUEST | NLM_F_DUMP, number, port; then struct ifaddrmsg or ifinfomsg
      /// of any family, and for links IFLA_EXT_MASK: without counters, which are most of an answer.
      var request: [UInt8] {
        let body = RouteSocket.zeros(self == .addresses ? 8 : 16)
        let mask: [UInt8] = self == .addresses ? [] : [8, 0, 29, 0, 8, 0, 0, 0]
        let length = UInt8(16 + body.count + mask.count)
        return [length, 0, 0, 0, type, 0, 1, 3] + RouteSocket.zeros(8) + body + mask
      }
    }

    private let descriptor: Descriptor

    package init() throws(SystemError) {
      let flags = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      // NETLINK_ROUTE.
      let number = socket(AF_NETLINK, flags, 0)
      guard number >= 0 else { throw .last }
      descriptor = Descriptor(number)
    }

    /// Asks, and hands each entry to `body`: its structure and the attributes after it. What appears meanwhile is in the next
    /// answer. Throws what the system says.
    package func ask(
      _ question: Question, _ body: (ArraySlice<UInt8>) -> Void
    ) throws(SystemError) {
      let request = question.request
      // The bytes live through the call. Not send, which the sandbox does not allow.
      guard unsafe write(descriptor.number, request, request.count) == request.count else { throw .last }
      var block = [UInt8](repeating: 0, count: 32_768)
      while true {
        let count = unsafe block.withUnsafeMutableBytes { buffer in
          // The buffer lives through the call, and its own length bounds it.
          unsafe Glibc.read(descriptor.number, buffer.baseAddress, buffer.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw count < 0 ? .last : SystemError(EPIPE) }
        if try Self.entries(block[..<count], of: question, body) { return }
      }
    }

    /// Hands the entries of one datagram to `body`; true when the last of the answer is among them. Throws the kernel's
    /// error, after which an answer is not whole.
    package static func entries(
      _ bytes: ArraySlice<UInt8>, of question: Question, _ body: (ArraySlice<UInt8>) -> Void
    ) throws(SystemError) -> Bool {
      var rest = bytes
      while rest.count >= 16 {
        let length = Int(number(rest, 0, 4)), type = number(rest, 4, 2)
        // NLMSG_DONE.
        if type == 3 { return true }
        guard length >= 16, length <= rest.count else { throw SystemError(EPROTO) }
        // NLMSG_ERROR: struct nlmsgerr begins with the number, negative.
        if type == 2 {
          let number = length >= 20 ? Int32(bitPattern: number(rest, 16, 4)) : 0
          throw SystemError(number < 0 && number > .min ? -number : EPROTO)
        }
        if type == question.answer { body(rest.prefix(length).dropFirst(16)) }
        rest = rest.dropFirst((length + 3) & ~3)
      }
      return false
    }

    /// Hands the attributes in `bytes` to `body`, each with its type, up to one whose length cannot be.
    package static func attributes(
      _ bytes: ArraySlice<UInt8>, _ body: (_ type: Int, _ value: ArraySlice<UInt8>) -> Void
    ) {
      var rest = bytes
      while rest.count >= 4 {
        let length = Int(number(rest, 0, 2)), type = Int(number(rest, 2, 2))
        guard length >= 4, length <= rest.count else { return }
        // Without the bits that say how it is written (NLA_TYPE_MASK).
        body(type & 0x3fff, rest.prefix(length).dropFirst(4))
        rest = rest.dropFirst((length + 3) & ~3)
      }
    }

    /// A number of `size` bytes in the machine's order, which is little-endian on all that this runs on; bytes that are not
    /// there count as zeros.
    package static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ size: Int) -> UInt32 {
      bytes.dropFirst(offset).prefix(size).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
  }
#endif
