/* SPDX-License-Identifier: Apache-2.0 */
/* wt_tls_send, wt_tls_receive: sendmsg(2) and recvmsg(2) with descriptors. */
#define _GNU_SOURCE
#include "wt_tls_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the descriptors' header, aligned as such. */
union wt_tls_room {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(WT_TLS_DESCRIPTORS * sizeof(int))];
};

int wt_tls_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ? errno : 0;
}

int wt_tls_send(int socket, const void *bytes, size_t size, const int *descriptors, size_t count)
{
	union wt_tls_room room;
	struct iovec part = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (count > WT_TLS_DESCRIPTORS)
		return EINVAL;
	/* What a sandboxed watch may do as well; it ignores SIGPIPE. */
	if (!count)
		return write(socket, bytes, size) < 0 ? errno : 0;
	memset(&room, 0, sizeof(room));
	message.msg_control = room.bytes;
	message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	room.header.cmsg_level = SOL_SOCKET;
	room.header.cmsg_type = SCM_RIGHTS;
	room.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&room.header), descriptors, count * sizeof(int));
	while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

/* Takes the descriptors of a message over. */
static void wt_tls_take(struct msghdr *message, int *descriptors, size_t *count)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		size_t here = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		if (here > WT_TLS_DESCRIPTORS - *count)
			here = WT_TLS_DESCRIPTORS - *count;
		memcpy(descriptors + *count, CMSG_DATA(part), here * sizeof(int));
		*count += here;
	}
	if (!(message->msg_flags & MSG_CTRUNC))
		return;
	while (*count)
		close(descriptors[--*count]);
}

long wt_tls_receive(int socket, void *bytes, size_t size, int *descriptors, size_t *count)
{
	union wt_tls_room room;
	struct iovec part = {bytes, size};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = room.bytes,
				 .msg_controllen = sizeof(room.bytes)};
	ssize_t received;

	*count = 0;
	received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (received < 0)
		return -errno;
	wt_tls_take(&message, descriptors, count);
	return received;
}
