/* SPDX-License-Identifier: Apache-2.0 */
/* httpf_object: the filter as the loader gets at it. */
#ifndef HTTPF_FILTER_OBJECT_H
#define HTTPF_FILTER_OBJECT_H

#include <stddef.h>

#include "http_filter.h"

/* The compiled filter, an ELF file of `size` bytes. */
const unsigned char *httpf_object(size_t *size);

/* The methods that the filter passes, in its order; NULL behind the last one. */
const char *httpf_method(size_t index);

#endif
