/* SPDX-License-Identifier: Apache-2.0 */
/* tls_object: the program of TLS text as the loader reads it. */
#ifndef TLS_OBJECT_H
#define TLS_OBJECT_H

#include <stddef.h>

#include "tls_record.h"

/* The compiled program, an ELF file of `size` bytes. */
const unsigned char *tls_object(size_t *size);

#endif
