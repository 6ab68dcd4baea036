// SPDX-License-Identifier: Apache-2.0

import System
#if os(Linux)
  internal import CSeccomp
  internal import Glibc

  /// Seccomp: which system calls may still be made.
  ///
  /// All others fail with EPERM and do not kill: who breaks in gets as little from either, while a C
  /// library that one day makes a call not thought of here would otherwise end the watch. clone3 fails
  /// with ENOSYS, upon which the C library starts threads by clone, whose flags can be looked at.
  enum SystemCallFilter {
    /// Loads the filter, on all threads; returns how many system calls are left.
    static func install(_ permissions: Permissions) throws(SystemError) -> Int {
      guard let filter = unsafe seccomp_init(wt_seccomp_refuse(EPERM)) else { throw SystemError(ENOMEM) }
      // Made here, released here, used by no one else.
      defer { unsafe seccomp_release(filter) }
      unsafe try check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1))
      let calls = SystemCalls.needed(permissions)
      for call in calls {
        // A name that this processor's kernel does not have has no number, and needs no rule.
        let number = unsafe seccomp_syscall_resolve_name(call.name)
        if number == -1 { continue }
        for test in call.tests.isEmpty ? [[]] : call.tests {
          let comparisons = test.map(\.comparison)
          // Copied before the call returns.
          unsafe try check(
            seccomp_rule_add_array(
              filter, wt_seccomp_allow(), number, UInt32(comparisons.count), comparisons))
        }
      }
      let clone3 = unsafe seccomp_syscall_resolve_name("clone3")
      if clone3 != -1 {
        unsafe try check(seccomp_rule_add_array(filter, wt_seccomp_refuse(ENOSYS), clone3, 0, nil))
      }
      unsafe try check(seccomp_load(filter))
      return Set(calls.map(\.name)).count
    }

    private static func check(_ result: Int32) throws(SystemError) {
      // The same rule twice is one.
      if result != 0 && result != -EEXIST { throw SystemError(-result) }
    }
  }

  /// A system call that is allowed, whatever its arguments are or when one of `tests` holds for them.
  struct SystemCall {
    /// A test of one argument.
    enum Test {
      /// Equal to a number.
      case equal(argument: UInt32, UInt64)
      /// Without any of these bits.
      case without(argument: UInt32, UInt64)
      /// With all of these bits.
      case with(argument: UInt32, UInt64)

      var comparison: scmp_arg_cmp {
        switch self {
        case .equal(let argument, let value):
          scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
        case .without(let argument, let bits):
          scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: bits, datum_b: 0)
        case .with(let argument, let bits):
          scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: bits, datum_b: bits)
        }
      }
    }

    var name: String
    /// Each is a list of tests that must hold together; one list is enough.
    var tests: [[Test]] = []
  }
#endif
