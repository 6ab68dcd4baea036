/* SPDX-License-Identifier: Apache-2.0 */
/* owner_object: the compiled program of owners, carried in the program itself. */
#include "owner_object.h"

#if !__has_embed("owner.bpf.o")
#error "the program of owners has not been compiled: run make"
#endif

/* SwiftPM compiles for an older standard than the one that brought #embed. */
#pragma clang diagnostic ignored "-Wc23-extensions"

/* libbpf reads it as an ELF file, whose tables want their alignment. */
_Alignas(8) static const unsigned char owner_bytes[] = {
#embed "owner.bpf.o"
};

const unsigned char *owner_object(size_t *size)
{
	*size = sizeof(owner_bytes);
	return owner_bytes;
}
