/* SPDX-License-Identifier: Apache-2.0 */
/* wt_landlock: which files a process may still open, by the kernel's Landlock (5.13 and later). */
#define _GNU_SOURCE
#include "wt_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Rights of later kernels than the headers that this is built with: linux/landlock.h numbers them. */
enum {
	WT_FIRST_RIGHTS = (1 << 13) - 1,
	WT_REFER = 1 << 13,
	WT_TRUNCATE = 1 << 14,
	WT_DEVICES = 1 << 15,
	WT_TCP = 3,
	WT_ABSTRACT_SOCKETS_AND_SIGNALS = 3,
};

static const uint64_t wt_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t wt_write = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | WT_TRUNCATE;
/* What a rule on a file may say: the others are about what lies in a folder. */
static const uint64_t wt_of_files =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | WT_TRUNCATE;

/* The structure as of version 6; older kernels take its beginning, and longer ones when the rest is zero. */
struct wt_ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scopes;
};

int wt_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	/* ENOSYS: the kernel has been built without it. EOPNOTSUPP: it has not been asked for at boot. */
	if (version < 0)
		return errno == ENOSYS ? 0 : -errno;
	return (int)version;
}

static int wt_landlock_allow(int rules, const struct wt_landlock_path *path, uint64_t known)
{
	struct landlock_path_beneath_attr beneath = {0};
	struct stat status;
	int result = 0;
	int parent = open(path->path, O_PATH | O_CLOEXEC);

	if (parent < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : errno;
	beneath.parent_fd = parent;
	beneath.allowed_access = wt_read;
	if (path->access >= WT_LANDLOCK_WRITE)
		beneath.allowed_access |= wt_write;
	if (path->access >= WT_LANDLOCK_REMOVE)
		beneath.allowed_access |= LANDLOCK_ACCESS_FS_REMOVE_FILE;
	beneath.allowed_access &= known;
	if (fstat(parent, &status) == 0 && !S_ISDIR(status.st_mode))
		beneath.allowed_access &= wt_of_files;
	/* EBADFD: a pipe, by /dev/stdin or /dev/fd/N; it is in no folder, and Landlock leaves such alone. */
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) && errno != EBADFD)
		result = errno;
	close(parent);
	return result;
}

int wt_landlock_restrict(const struct wt_landlock_path *paths, size_t count, int network)
{
	const int version = wt_landlock_version();
	struct wt_ruleset handled = {0};
	size_t size = sizeof(handled.files);
	int result = 0;
	int rules;

	if (version <= 0)
		return ENOSYS;
	handled.files = WT_FIRST_RIGHTS;
	if (version >= 2)
		handled.files |= WT_REFER;
	if (version >= 3)
		handled.files |= WT_TRUNCATE;
	if (version >= 4) {
		size = sizeof(handled.files) + sizeof(handled.network);
		handled.network = network ? 0 : WT_TCP;
	}
	if (version >= 5)
		handled.files |= WT_DEVICES;
	if (version >= 6) {
		size = sizeof(handled);
		handled.scopes = WT_ABSTRACT_SOCKETS_AND_SIGNALS;
	}
	rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
	if (rules < 0)
		return errno;
	for (size_t index = 0; index < count && result == 0; index++)
		result = wt_landlock_allow(rules, &paths[index], handled.files);
	if (result == 0 && syscall(SYS_landlock_restrict_self, rules, 0))
		result = errno;
	close(rules);
	return result;
}
