// SPDX-License-Identifier: Apache-2.0

import System
#if os(Linux)
  internal import CSeccomp
  internal import Glibc

  /// The restrictions that a process puts on itself once all is open: another user, no capabilities, few
  /// system calls and few files.
  ///
  /// They hold for the calling thread and for those that it starts later: apply them before the others start.
  package enum Sandbox {
    /// The policy of a sandbox: what is given up, and what is left.
    package struct Policy: Sendable {
      /// The user to become; nil keeps the current one.
      package var account: Account?
      /// Whether `apply` throws when it cannot become `account`, rather than report it.
      package var requiresAccount = false
      package var permissions: Permissions = []
      /// Files and folders that may be read, with all that lies in them.
      package var readable: [String] = []
      /// Files and folders that may be written, with all that lies in them.
      package var writable: [String] = []
      /// Folders in which files may be made, written and removed.
      package var removable: [String] = []
      /// Keeps what root may do with the files of others: for `readable` that are opened only later.
      package var keepsFileRights = false

      package init() {}
    }

    /// The report of `apply`: what it achieved.
    package struct Report: Sendable {
      /// The user that the process became; nil when it stayed who it was.
      package fileprivate(set) var account: Account?
      /// The restrictions that hold now, in words.
      package fileprivate(set) var restrictions: [String] = []
      /// What could not be done, in words, each with its reason.
      package fileprivate(set) var failures: [String] = []
      /// Of the policy's writable paths, those that its user may not write.
      package fileprivate(set) var unwritable: [String] = []
    }

    /// The required user could not be assumed; nothing else was given up.
    package struct AccountError: Error {
      /// What could not be done, in words, with the reason.
      package var message: String
    }

    /// Gives up what the policy says, for good, as far as the kernel allows it; what it does not allow is in
    /// the report.
    ///
    /// - Throws: `AccountError` when the policy requires its user and the process cannot become it.
    package static func apply(_ policy: Policy) throws(AccountError) -> Report {
      var report = Report()
      // First, while this may still be done (CAP_SETPCAP), and the least loss when it may not.
      _ = wt_sandbox_bounds()
      let isAttaching = policy.permissions.contains(.attaching)
      if isAttaching { _ = wt_sandbox_keep() }
      if let account = policy.account {
        report.become(account)
        if policy.requiresAccount, let fault = report.failures.first { throw AccountError(message: fault) }
      }
      // A change of user has taken them already, unless the new one is root again.
      let kept: (rights: UInt64, text: String) =
        isAttaching
        ? (wt_sandbox_probe_rights(), " except those for probes")
        : policy.keepsFileRights ? (wt_sandbox_file_rights(), " except those for files") : (0, "")
      report.note(
        "capabilities dropped\(kept.text)", wt_sandbox_capabilities(kept.rights),
        otherwise: "drop capabilities")
      // As the user that it is by now; the strings are terminated and outlive the calls.
      report.unwritable = (policy.writable + policy.removable).filter { unsafe access($0, W_OK) != 0 }
      report.note(
        "no new privileges", wt_sandbox_no_new_privileges(),
        otherwise: "forbid new privileges")
      // It forbids to look at processes that are not restricted likewise (landlock(7)), which is what attaching is about.
      if !isAttaching {
        report.note(
          "file access restricted (Landlock)", FileAccess.restrict(policy), otherwise: "restrict file access",
          isExpected: ENOSYS
        )
      }
      do throws(SystemError) {
        try PacketSocketFilter.install()
      } catch {
        report.failures.append("cannot keep packet sockets from sending (\(error.reason))")
      }
      do throws(SystemError) {
        let count = try SystemCallFilter.install(policy.permissions)
        report.restrictions.append("\(count) system calls allowed (seccomp)")
      } catch {
        report.failures.append("cannot restrict system calls (\(error.reason))")
      }
      return report
    }

    /// Has this process killed when the thread that has started it ends, as far as the kernel allows it; to be asked for after
    /// `apply`, as a change of user undoes it.
    package static func endWithParent() -> Bool { wt_sandbox_end_with_parent() == 0 }

    /// Gives up all capabilities, so that no program gets them that this process starts; for one that does
    /// not run as root, whose programs would have them anyway.
    package static func dropCapabilities() {
      _ = wt_sandbox_bounds()
      _ = wt_sandbox_capabilities(0)
    }

    /// The version of Landlock in this kernel; nil without it.
    package static var landlockVersion: Int? {
      let version = wt_landlock_version()
      return version > 0 ? Int(version) : nil
    }

    /// The reason why this kernel refuses Landlock, in words; nil when it does not.
    package static var landlockFault: String? {
      let version = wt_landlock_version()
      if version > 0 { return nil }
      return version == 0 ? "this kernel has none" : SystemError(-version).reason
    }

    /// The reason why this kernel has no filters of system calls, in words; nil when it has.
    package static var seccompFault: String? {
      let fault = wt_seccomp_fault()
      return fault == 0 ? nil : SystemError(fault).reason
    }
  }

  extension Sandbox.Report {
    fileprivate mutating func become(_ account: Account) {
      let fault = wt_sandbox_user(account.user, account.group)
      if fault == 0 {
        self.account = account
      } else {
        failures.append("cannot switch to user \(account.name) (\(SystemError(fault).reason))")
      }
    }

    /// Notes what a step has come to; `isExpected` is the fault that a kernel without it gives.
    fileprivate mutating func note(
      _ what: String, _ fault: Int32, otherwise: String, isExpected: Int32 = 0
    ) {
      if fault == 0 {
        restrictions.append(what)
      } else if fault != isExpected {
        failures.append("cannot \(otherwise) (\(SystemError(fault).reason))")
      }
    }
  }
#endif
