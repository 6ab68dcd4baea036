/* SPDX-License-Identifier: Apache-2.0 */
/* A file in memory that may be cut by others while it is read. Swift cannot do it: it takes a signal handler.
 */
#ifndef WT_MAPPING_H
#define WT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Files that are guarded at once. */
#define WT_MAPPINGS 64

struct wt_mapping {
	_Atomic(uintptr_t) base; /* 0: free */
	_Atomic(size_t) size;
	_Atomic(int) cut;
};

extern struct wt_mapping wt_mappings[WT_MAPPINGS];

/* Maps `size` bytes of a file for reading and gives its number; below 0 when it cannot. Where the file is cut
 * afterwards, zeros are read, and wt_mapping_is_cut() says so. */
int wt_mapping_open(int descriptor, size_t size);

/* Gives the mapping back. */
void wt_mapping_close(int number);

/* The first of its bytes. */
static inline const void *wt_mapping_bytes(int number)
{
	return (const void *)__c11_atomic_load(&wt_mappings[number].base, __ATOMIC_RELAXED);
}

/* Whether bytes were read that the file no longer had. */
static inline bool wt_mapping_is_cut(int number)
{
	return __c11_atomic_load(&wt_mappings[number].cut, __ATOMIC_RELAXED) != 0;
}

#endif
