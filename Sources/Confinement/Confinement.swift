// SPDX-License-Identifier: Apache-2.0
#if os(Linux)
  internal import CSeccomp
  internal import Glibc

  /// Gives up, for good, what the process does not need any more once all is open: its user, its
  /// capabilities, most system calls and most files.
  ///
  /// It holds for the calling thread and for those that it starts later: so it comes before them.
  package struct Confinement: Sendable {
    /// What is to be given up, and what is left.
    package struct Plan: Sendable {
      /// The user to become; nil stays who it is.
      package var account: Account?
      package var abilities: Abilities = []
      /// Files and folders that may be read, with all that lies in them.
      package var readable: [String] = []
      /// Files and folders that may be written, with all that lies in them.
      package var writable: [String] = []
      /// Keeps what root may do with the files of others: for `readable` that are opened only later.
      package var keepsFileRights = false

      package init() {}
    }

    /// What was given up, in words.
    package private(set) var given: [String] = []
    /// What could not be given up, in words, each with its reason.
    package private(set) var kept: [String] = []

    /// Of the plan's writable paths, those that its user may not write.
    package private(set) var unwritable: [String] = []

    /// Gives up what the plan says, as far as the kernel lets it; nothing here fails as a whole.
    package init(_ plan: Plan) {
      // First, while this may still be done (CAP_SETPCAP), and the least loss when it may not.
      _ = wt_confine_bounds()
      if let account = plan.account { become(account) }
      // A change of user has taken them already, unless the new one is root again.
      note(
        plan.keepsFileRights ? "no capabilities but for files" : "no capabilities",
        wt_confine_capabilities(plan.keepsFileRights ? wt_confine_file_rights() : 0),
        otherwise: "its capabilities")
      // As the user that it is by now; the strings are terminated and outlive the calls.
      unwritable = plan.writable.filter { unsafe access($0, W_OK) != 0 }
      note(
        "no new privileges", wt_confine_no_new_privileges(),
        otherwise: "what programs give to those who start them")
      note(
        "files by Landlock", FileAccess.restrict(plan), otherwise: "all files of its user", isExpected: ENOSYS
      )
      do throws(SystemCallFilter.Failure) {
        let count = try SystemCallFilter.install(plan.abilities)
        given.append("\(count) system calls")
      } catch {
        kept.append("all system calls (\(Self.words(error.code)))")
      }
    }

    /// Gives up all capabilities, so that no program gets them that this process starts; for one that does
    /// not run as root, whose programs would have them anyway.
    package static func giveUpCapabilities() {
      _ = wt_confine_bounds()
      _ = wt_confine_capabilities(0)
    }

    /// Whether the plan's user was become, or none was asked for.
    package private(set) var isAccountChanged = true

    /// The version of Landlock in this kernel; nil without it.
    package static var landlockVersion: Int? {
      let version = wt_landlock_version()
      return version > 0 ? Int(version) : nil
    }

    /// Why this kernel refuses Landlock, in words; nil when it does not.
    package static var landlockFault: String? {
      let version = wt_landlock_version()
      if version > 0 { return nil }
      return version == 0 ? "this kernel has none" : words(-version)
    }

    /// Why this kernel has no filters of system calls, in words; nil when it has.
    package static var seccompFault: String? {
      let fault = wt_seccomp_fault()
      return fault == 0 ? nil : words(fault)
    }

    private mutating func become(_ account: Account) {
      let fault = wt_confine_user(account.user, account.group)
      isAccountChanged = fault == 0
      if fault == 0 {
        given.append("user \(account.name)")
      } else {
        kept.append("its user instead of \(account.name) (\(Self.words(fault)))")
      }
    }

    /// Notes what a step has come to; `isExpected` is the fault that a kernel without it gives.
    private mutating func note(
      _ what: String, _ fault: Int32, otherwise: String, isExpected: Int32 = 0
    ) {
      if fault == 0 {
        given.append(what)
      } else if fault != isExpected {
        kept.append("\(otherwise) (\(Self.words(fault)))")
      }
    }

    private static func words(_ code: Int32) -> String {
      // A text of the C library's, copied at once.
      guard let text = unsafe strerror(code) else { return "error \(code)" }
      return unsafe String(cString: text)
    }
  }
#endif
