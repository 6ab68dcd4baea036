/* SPDX-License-Identifier: Apache-2.0 */
#include "wt_mapping.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

struct wt_mapping wt_mappings[WT_MAPPINGS];

/* Marks a place that is being taken: no address is 1. */
#define WT_TAKEN 1

/* A read past the end of a file that became shorter raises SIGBUS (mmap(2)). What is left of the mapping is
 * replaced by zeros, and the read is done again. mmap is a plain system call on Linux: safe in a handler. */
static void wt_mapping_fault(int signal_number, siginfo_t *info, void *context)
{
	(void)context;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t at = (uintptr_t)info->si_addr & ~(page - 1);

	for (int number = 0; number < WT_MAPPINGS; number++) {
		struct wt_mapping *mapping = &wt_mappings[number];
		const uintptr_t base = atomic_load(&mapping->base);
		const uintptr_t end = base + ((atomic_load(&mapping->size) + page - 1) & ~(page - 1));

		if (base <= WT_TAKEN || at < base || at >= end)
			continue;
		if (mmap((void *)at, end - at, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		    MAP_FAILED)
			break;
		atomic_store(&mapping->cut, 1);
		return;
	}
	/* Not ours: the next fault ends the program as it would have. */
	signal(signal_number, SIG_DFL);
}

int wt_mapping_open(int descriptor, size_t size)
{
	struct sigaction action = {0};

	action.sa_sigaction = wt_mapping_fault;
	action.sa_flags = SA_SIGINFO;
	sigemptyset(&action.sa_mask);
	if (size == 0 || sigaction(SIGBUS, &action, NULL) != 0)
		return -1;
	for (int number = 0; number < WT_MAPPINGS; number++) {
		uintptr_t free = 0;

		if (!atomic_compare_exchange_strong(&wt_mappings[number].base, &free, WT_TAKEN))
			continue;
		void *base = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);

		if (base == MAP_FAILED) {
			atomic_store(&wt_mappings[number].base, 0);
			return -1;
		}
		/* Advice only: reading goes from front to back. */
		madvise(base, size, MADV_SEQUENTIAL);
		atomic_store(&wt_mappings[number].cut, 0);
		atomic_store(&wt_mappings[number].size, size);
		atomic_store(&wt_mappings[number].base, (uintptr_t)base);
		return number;
	}
	return -1;
}

void wt_mapping_close(int number)
{
	const uintptr_t base = atomic_exchange(&wt_mappings[number].base, WT_TAKEN);

	munmap((void *)base, atomic_load(&wt_mappings[number].size));
	atomic_store(&wt_mappings[number].base, 0);
}
