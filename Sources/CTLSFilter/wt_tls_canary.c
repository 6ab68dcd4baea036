/* SPDX-License-Identifier: Apache-2.0 */
/* wt_tls_canary: the child under seccomp's strict mode, or a filter as strict. */
#define _GNU_SOURCE
#include "wt_tls_canary.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
/* Begins as a library's internal functions do, with an instruction that the kernel emulates. */
__asm__(".text\n"
	".globl wt_tls_canary_function\n"
	".hidden wt_tls_canary_function\n"
	".type wt_tls_canary_function,@function\n"
	".balign 16\n"
	"wt_tls_canary_function:\n"
	"	push %rbp\n"
	"	mov %edi,%eax\n"
	"	pop %rbp\n"
	"	ret\n"
	".size wt_tls_canary_function,.-wt_tls_canary_function\n");
#else
int wt_tls_canary_function(int number)
{
	return number;
}
#endif

/* A filter of its own that allows the end alone: strict mode cannot follow on a filter that the process has,
 * as a unit's has. */
static int wt_tls_canary_filter(void)
{
	struct sock_filter rules[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};

	/* Without it that takes CAP_SYS_ADMIN. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Calls that the compiler sees nothing of: there is one thread here, and no library's lock is touched. */
static void wt_tls_canary_child(int dies)
{
	const struct rlimit none = {0, 0};
	int sum = 0;

	/* Its death is expected where it dies: no core file. */
	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) && wt_tls_canary_filter())
		syscall(SYS_exit, 2);
	for (int call = 0; call < WT_TLS_CANARY_CALLS; call++)
		sum += wt_tls_canary_function(call);
	if (dies)
		syscall(SYS_getpid);
	syscall(SYS_exit, sum == 3 ? 0 : 1);
}

int wt_tls_canary_run(int dies)
{
	int status = 0;
	/* Not fork(): what is done after it, by a sanitiser say, may begin a thread, which would live on. */
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child < 0)
		return -1;
	if (child == 0)
		wt_tls_canary_child(dies);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}
