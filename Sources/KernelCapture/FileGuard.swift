// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import System

/// A file that nobody has open for writing, and that nobody can write to before its guard has gone (a read lease,
/// fcntl(2)).
///
/// A file whose code is written over while a probe is in it crashes the next process that runs it: the kernel puts the
/// old instruction back. A process that opens it for writing waits until the lease is given up, for 45 s at most
/// (/proc/sys/fs/lease-break-time); replacing it by rename, as packages do, is another file and harmless.
struct FileGuard {
  // fcntl.h, where they need _GNU_SOURCE.
  private static let (setSignal, setLease, getLease): (Int32, Int32, Int32) = (10, 1_024, 1_025)

  private let descriptor: Descriptor

  /// Guards an open file; throws EAGAIN when it is open for writing, and what the system says where it has no leases.
  init(_ descriptor: Descriptor) throws(SystemError) {
    self.descriptor = descriptor
    // Of the signals that ask for the lease: one that is ignored by default. It is polled.
    guard fcntl(descriptor.number, Self.setSignal, SIGURG) == 0,
      fcntl(descriptor.number, Self.setLease, Int32(F_RDLCK)) == 0
    else { throw .last }
  }

  /// A file that another process has guarded: the guard is the open file's, in whichever process.
  init(adopting descriptor: Descriptor) { self.descriptor = descriptor }

  /// Whether somebody waits to write to the file, or the guard is gone.
  var isBroken: Bool { fcntl(descriptor.number, Self.getLease) != Int32(F_RDLCK) }
}
