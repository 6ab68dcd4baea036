/* SPDX-License-Identifier: Apache-2.0 */
#include "wt_pcap.h"

#include <errno.h>
#include <sys/socket.h>

int wt_pcap_matches(const struct bpf_program *program, const unsigned char *packet, unsigned int wire_length,
		    unsigned int captured)
{
	struct pcap_pkthdr header = {.caplen = captured, .len = wire_length};

	return pcap_offline_filter(program, &header, packet);
}

int wt_pcap_attach(const struct bpf_program *program, int socket)
{
#ifdef __linux__
	/* struct sock_fprog of linux/filter.h, whose macros are libpcap's too; the instructions are the same.
	 */
	const struct {
		unsigned short length;
		const void *instructions;
	} filter = {.length = (unsigned short)program->bf_len, .instructions = program->bf_insns};
	const int lock = 1;

	if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0)
		return -1;
	return setsockopt(socket, SOL_SOCKET, SO_LOCK_FILTER, &lock, sizeof(lock));
#else
	(void)program;
	(void)socket;
	errno = ENOTSUP;
	return -1;
#endif
}
