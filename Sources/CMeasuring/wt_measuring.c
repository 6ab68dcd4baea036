/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "wt_measuring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int wt_measuring_unshare(int with_user)
{
	return unshare(CLONE_NEWNET | (with_user ? CLONE_NEWUSER : 0)) == 0 ? 0 : errno;
}

int wt_measuring_open(const char *interface)
{
	/* Protocol 0: nothing is received. */
	const struct sockaddr_ll address = {.sll_family = AF_PACKET,
					    .sll_ifindex = (int)if_nametoindex(interface)};
	const int on = 1, descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (descriptor < 0)
		return -errno;
	if (bind(descriptor, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		const int fault = errno;

		close(descriptor);
		return -fault;
	}
	/* Straight to the device; where that is refused, sending is merely slower. */
	setsockopt(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return descriptor;
}

int wt_measuring_send(int descriptor, const struct iovec *frames, int count)
{
	struct mmsghdr messages[64];

	if (count > 64)
		count = 64;
	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < count; i++) {
		messages[i].msg_hdr.msg_iov = (struct iovec *)&frames[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	const int sent = sendmmsg(descriptor, messages, (unsigned)count, 0);

	return sent < 0 ? -errno : sent;
}
