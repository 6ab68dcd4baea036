/* SPDX-License-Identifier: Apache-2.0 */
/* wt_tls_is_overlaid: asks the file system for its name. */
#include "wt_tls_file.h"

#include <linux/magic.h>
#include <sys/vfs.h>

int wt_tls_is_overlaid(int descriptor)
{
	struct statfs status;

	return fstatfs(descriptor, &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC;
}
