/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "wt_pipe.h"

#include <fcntl.h>
#include <unistd.h>

int wt_pipe(int ends[2], int blocks)
{
#ifdef __linux__
	return pipe2(ends, O_CLOEXEC | (blocks ? 0 : O_NONBLOCK));
#else
	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, blocks ? 0 : O_NONBLOCK);
	}
	return 0;
#endif
}
