/* SPDX-License-Identifier: Apache-2.0 */
/* tls_object: the compiled program of TLS text, carried in the program itself. */
#include "tls_object.h"

#if !__has_embed("tls.bpf.o")
#error "the program of TLS text has not been compiled: run make"
#endif

/* SwiftPM compiles for an older standard than the one that brought #embed. */
#pragma clang diagnostic ignored "-Wc23-extensions"

/* libbpf reads it as an ELF file, whose tables want their alignment. */
_Alignas(8) static const unsigned char tls_bytes[] = {
#embed "tls.bpf.o"
};

const unsigned char *tls_object(size_t *size)
{
	*size = sizeof(tls_bytes);
	return tls_bytes;
}
