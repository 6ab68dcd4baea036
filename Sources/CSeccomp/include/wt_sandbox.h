/* SPDX-License-Identifier: Apache-2.0 */
/* wt_sandbox: the kernel's own means of giving up privileges, where C alone can call them. */
#ifndef WT_SANDBOX_H
#define WT_SANDBOX_H

#include <grp.h>
#include <linux/prctl.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * prctl is variadic, capset has no declaration, Landlock has no functions in the C library: Swift can call
 * none of them. Each returns 0, or a positive error number.
 */

/* Empties the bounding set as far as this process may (CAP_SETPCAP), and the ambient set. */
int wt_sandbox_bounds(void);

/*
 * Empties the inheritable set of the calling thread, and its effective and permitted set but for those of
 * `kept` (1 << CAP_...) that it has.
 */
int wt_sandbox_capabilities(uint64_t kept);

/* Root's rights to files of others: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH. */
uint64_t wt_sandbox_file_rights(void);

/*
 * The rights to find what other processes execute, to guard it and to probe it: CAP_DAC_READ_SEARCH,
 * CAP_SYS_PTRACE, CAP_LEASE, CAP_PERFMON and CAP_BPF.
 */
uint64_t wt_sandbox_probe_rights(void);

/* Lets the permitted set outlast the change of user that comes next. */
int wt_sandbox_keep(void);

/* A process that is killed when the thread ends that has started it; after a change of user. */
int wt_sandbox_end_with_parent(void);

/* Nobody gains privileges any more by execve. */
int wt_sandbox_no_new_privileges(void);

/* Other users, other groups and none besides, for good. */
int wt_sandbox_user(uid_t user, gid_t group);

/* The version of Landlock in this kernel; 0 without it, a negative error number where it may not be used. */
int wt_landlock_version(void);

/* What Landlock allows beneath a path: reading; writing and making files too; removing them too. */
enum wt_landlock_access { WT_LANDLOCK_READ, WT_LANDLOCK_WRITE, WT_LANDLOCK_REMOVE };

struct wt_landlock_path {
	const char *path;
	enum wt_landlock_access access;
};

/*
 * Forbids all that Landlock knows but what `paths` allow; those that do not exist are left out. With
 * `network` TCP is left alone. Returns ENOSYS where the kernel has no Landlock.
 */
int wt_landlock_restrict(const struct wt_landlock_path *paths, size_t count, int network);

/* 0 where the kernel lets filters refuse system calls, else the error number. */
int wt_seccomp_fault(void);

/* Whether this build has a sanitiser in it, whose run-time makes system calls of its own. */
int wt_seccomp_is_sanitised(void);

/* clone's flag for threads: the C library declares it for GNU programs only. */
uint64_t wt_seccomp_thread(void);

/* Complex macros, which Swift does not import. */
uint32_t wt_seccomp_allow(void);
uint32_t wt_seccomp_refuse(int error);

#endif
