/* SPDX-License-Identifier: Apache-2.0 */
/* wt_sandbox: capabilities, users, seccomp's macros; Landlock is in wt_landlock.c. */
#define _GNU_SOURCE
#include "wt_sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int wt_sandbox_bounds(void)
{
	int refused = 0;

	/* One past the last one that the kernel knows answers EINVAL. */
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			refused = errno;
	/* Kernels before 4.3 have no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		refused = errno;
	return refused;
}

int wt_sandbox_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	memset(sets, 0, sizeof(sets));
	/* What is not permitted now cannot be kept: capset would refuse all of it. */
	if (kept && syscall(SYS_capget, &header, sets))
		return errno;
	for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
		sets[word].permitted &= (uint32_t)(kept >> 32 * word);
		sets[word].effective = sets[word].permitted;
		sets[word].inheritable = 0;
	}
	return syscall(SYS_capset, &header, sets) ? errno : 0;
}

uint64_t wt_sandbox_file_rights(void)
{
	return UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH;
}

uint64_t wt_sandbox_probe_rights(void)
{
	/* Those of Linux 5.8 by their numbers: older headers lack their names. */
	return UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_LEASE |
	       UINT64_C(1) << 38 | UINT64_C(1) << 39;
}

int wt_sandbox_keep(void)
{
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) ? errno : 0;
}

int wt_sandbox_end_with_parent(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ? errno : 0;
}

int wt_sandbox_no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0;
}

int wt_sandbox_user(uid_t user, gid_t group)
{
	/* The user last: who is no longer root may not change the groups. */
	if (setgroups(0, NULL) || setresgid(group, group, group) || setresuid(user, user, user))
		return errno;
	return 0;
}

int wt_seccomp_fault(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ? errno : 0;
}

int wt_seccomp_is_sanitised(void)
{
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return 1;
#else
	return 0;
#endif
}

uint64_t wt_seccomp_thread(void)
{
	return CLONE_THREAD;
}

uint32_t wt_seccomp_allow(void)
{
	return SCMP_ACT_ALLOW;
}

uint32_t wt_seccomp_refuse(int error)
{
	return SCMP_ACT_ERRNO(error);
}
