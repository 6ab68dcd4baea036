/* SPDX-License-Identifier: Apache-2.0 */
/* All of it is inlined. */
#include "wt_bytes.h"
