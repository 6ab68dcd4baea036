/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "wt_threads.h"

#include <pthread.h>

int wt_threads_name(const char *name)
{
	return pthread_setname_np(pthread_self(), name);
}
