/* SPDX-License-Identifier: Apache-2.0 */
/* Memory asked for ahead of its use. Swift has no word for it: a load whose value nobody uses is left out. */
#ifndef WT_PREFETCH_H
#define WT_PREFETCH_H

#include <stddef.h>

enum { WT_CACHE_LINE = 64 };

/* Asks for the cache line with an address; any address will do. */
static inline void wt_prefetch(const void *address)
{
	__builtin_prefetch(address);
}

/* Asks for the cache lines of `count` bytes, to be written too; `count` is known where this is called. */
static inline void wt_prefetch_lines(const void *address, size_t count)
{
	for (size_t offset = 0; offset < count; offset += WT_CACHE_LINE)
		__builtin_prefetch((const char *)address + offset, 1);
	__builtin_prefetch((const char *)address + count - 1, 1);
}

#endif
