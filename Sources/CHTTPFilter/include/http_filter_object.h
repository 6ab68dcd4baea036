/* SPDX-License-Identifier: Apache-2.0 */
/* httpf_object: the filter as the loader reads it. */
#ifndef HTTPF_FILTER_OBJECT_H
#define HTTPF_FILTER_OBJECT_H

#include <stddef.h>

#include "http_filter.h"

/* The compiled filter, an ELF file of `size` bytes. */
const unsigned char *httpf_object(size_t *size);

/* The compiler that made the filter: "clang 14.0.6", as the object itself has it. */
const char *httpf_compiler(void);

/* The methods that the filter passes, in its order; NULL after the last one. */
const char *httpf_method(size_t index);

#endif
