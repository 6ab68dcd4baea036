/* SPDX-License-Identifier: Apache-2.0 */
/* owner_object: the program of owners as the loader reads it. */
#ifndef OWNER_OBJECT_H
#define OWNER_OBJECT_H

#include <stddef.h>

#include "owner_record.h"

/* The compiled program, an ELF file of `size` bytes. */
const unsigned char *owner_object(size_t *size);

#endif
