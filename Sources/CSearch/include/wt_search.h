/* SPDX-License-Identifier: Apache-2.0 */
/* The search for a text in bytes. Swift cannot call it: the C library declares it for GNU programs only. */
#ifndef WT_SEARCH_H
#define WT_SEARCH_H

#include <stddef.h>

/* The offset at which the text first begins in the bytes; -1 when it does not. */
long wt_search_first(const void *bytes, size_t count, const void *text, size_t length);

#endif
