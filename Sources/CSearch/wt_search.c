/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "wt_search.h"

#include <string.h>

long wt_search_first(const void *bytes, size_t count, const void *text, size_t length)
{
	const char *found = memmem(bytes, count, text, length);

	return found ? found - (const char *)bytes : -1;
}
