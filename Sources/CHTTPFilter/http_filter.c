/* SPDX-License-Identifier: Apache-2.0 */
/* httpf_object: the compiled filter, carried in the program itself, so that one file is all there is. */
#define _GNU_SOURCE
#include "http_filter_object.h"

#include <string.h>

#include "../../bpf/http_methods.h"

#if !__has_embed("http_filter.bpf.o")
#error "the filter has not been compiled: run make"
#endif

/* SwiftPM compiles for an older standard than the one that brought #embed. */
#pragma clang diagnostic ignored "-Wc23-extensions"

/* libbpf reads it as an ELF file, whose tables want their alignment. */
_Alignas(8) static const unsigned char httpf_bytes[] = {
#embed "http_filter.bpf.o"
};

const unsigned char *httpf_object(size_t *size)
{
	*size = sizeof(httpf_bytes);
	return httpf_bytes;
}

const char *httpf_compiler(void)
{
	static const char mark[] = "httpf-compiler=";
	const unsigned char *found = memmem(httpf_bytes, sizeof(httpf_bytes), mark, sizeof(mark) - 1);

	return found ? (const char *)found + sizeof(mark) - 1 : "unknown";
}

#define HTTPF_NAME(name) name,
static const char *const httpf_names[] = {HTTPF_METHODS(HTTPF_NAME)};

const char *httpf_method(size_t index)
{
	return index < sizeof(httpf_names) / sizeof(httpf_names[0]) ? httpf_names[index] : NULL;
}
