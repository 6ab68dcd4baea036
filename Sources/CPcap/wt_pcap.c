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

/* Writes the `count` lowest bytes of a number, the most significant one first. */
static void put(unsigned char *to, unsigned long long number, int count)
{
	while (count-- > 0) {
		to[count] = (unsigned char)number;
		number >>= 8;
	}
}

int wt_pcap_matches_ends(const struct bpf_program *program, int is_ip4, unsigned long long source_high,
			 unsigned long long source_low, unsigned short source_port,
			 unsigned long long destination_high, unsigned long long destination_low,
			 unsigned short destination_port)
{
	enum { TCP = 6, TCP_BYTES = 20, IP4_BYTES = 20, IP6_BYTES = 40 };
	unsigned char packet[IP6_BYTES + TCP_BYTES] = {0};
	const unsigned int ip_bytes = is_ip4 ? IP4_BYTES : IP6_BYTES;

	if (is_ip4) {
		packet[0] = 0x45;
		packet[3] = IP4_BYTES + TCP_BYTES;
		packet[9] = TCP;
		put(packet + 12, source_low, 4);
		put(packet + 16, destination_low, 4);
	} else {
		packet[0] = 0x60;
		packet[5] = TCP_BYTES;
		packet[6] = TCP;
		put(packet + 8, source_high, 8);
		put(packet + 16, source_low, 8);
		put(packet + 24, destination_high, 8);
		put(packet + 32, destination_low, 8);
	}
	put(packet + ip_bytes, source_port, 2);
	put(packet + ip_bytes + 2, destination_port, 2);
	packet[ip_bytes + 12] = TCP_BYTES / 4 << 4;
	return wt_pcap_matches(program, packet, ip_bytes + TCP_BYTES, ip_bytes + TCP_BYTES);
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
