// SPDX-License-Identifier: Apache-2.0
#if os(Linux)
  internal import CSeccomp
  internal import Glibc

  /// A user of the machine, as whom the program runs once everything is open.
  package struct Account: Equatable, Sendable {
    package let name: String
    package let user: UInt32
    package let group: UInt32

    /// The user without any rights, where the machine has no list of users: the kernel's overflow number.
    package static var nobody: Account {
      Account(named: "nobody") ?? Account(name: "65534", user: 65534, group: 65534)
    }

    private init(name: String, user: UInt32, group: UInt32) {
      self.name = name
      self.user = user
      self.group = group
    }

    /// Looks a name up in the machine's list of users, or a number; nil when there is no such user.
    package init?(named name: String) {
      if let entry = Self.entry(name) {
        self = entry
        return
      }
      // A number needs no entry: containers have users without names. -1 would mean "leave it as it is".
      guard let number = UInt32(name), number < .max else { return nil }
      // The group of a user without an entry is unknown: one of the same number, as is usual.
      self.init(name: name, user: number, group: number)
    }

    private static func entry(_ name: String) -> Account? {
      var entry = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      var room = [CChar](repeating: 0, count: 16 << 10)
      // The entry's texts lie in the array; only its numbers are used once the call has returned.
      let status = unsafe getpwnam_r(name, &entry, &room, room.count, &found)
      guard status == 0, unsafe found != nil else { return nil }
      return unsafe Account(name: name, user: entry.pw_uid, group: entry.pw_gid)
    }
  }
#endif
