// SPDX-License-Identifier: Apache-2.0
#if os(Linux)
  internal import CSeccomp
  internal import Glibc

  /// Landlock: which files may still be opened, whatever user the process has.
  enum FileAccess {
    /// What the C library reads by itself: the time zone, terminals, names of hosts, its own parts.
    private static func ofTheSystem(_ permissions: Permissions) -> [String] {
      // Files that are replaced while they are watched over are found by their folder alone.
      let names = permissions.contains(.connect) ? ["/etc", "/run/systemd/resolve"] : []
      return names + ["/etc/localtime", "/etc/passwd", "/etc/terminfo", "/usr", "/lib", "/lib64"]
    }

    /// Allows the policy's files and those that the C library reads, and no others; 0 or an error number.
    static func restrict(_ policy: Sandbox.Policy) -> Int32 {
      let paths =
        (policy.readable + ofTheSystem(policy.permissions)).map { ($0, WT_LANDLOCK_READ) }
        + policy.writable.map { ($0, WT_LANDLOCK_WRITE) } + policy.removable.map { ($0, WT_LANDLOCK_REMOVE) }
      // The texts are C strings for as long as the call takes.
      let texts = unsafe paths.map { path, _ in unsafe strdup(path) }
      defer { unsafe texts.forEach { unsafe free($0) } }
      let entries = unsafe zip(texts, paths).map { text, path in
        unsafe wt_landlock_path(path: UnsafePointer(text), access: path.1)
      }
      let usesNetwork = !policy.permissions.isDisjoint(with: [.listen, .connect])
      return unsafe wt_landlock_restrict(entries, entries.count, usesNetwork ? 1 : 0)
    }
  }
#endif
