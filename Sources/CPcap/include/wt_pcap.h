/* SPDX-License-Identifier: Apache-2.0 */
/* libpcap for Swift: its header, and a shim for what Swift cannot call. */
#ifndef WT_PCAP_H
#define WT_PCAP_H

#include <pcap/pcap.h>
#ifdef __linux__
/* The address of a packet socket, to bind libpcap's own to another interface. */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#endif

/* Swift sees struct bpf_program's instructions as an opaque pointer chain; this runs a compiled
 * program on one packet without a capture handle. Returns what the program returns. */
int wt_pcap_matches(const struct bpf_program *program, const unsigned char *packet, unsigned int wire_length,
		    unsigned int captured);

/* Runs a program that is compiled for packets that begin with their IP header (DLT_RAW) on the shortest
 * headers of a TCP segment between two ends. An address is two big-endian numbers, an IPv4 one in its
 * IPv4-mapped form. Returns what the program returns. */
int wt_pcap_matches_ends(const struct bpf_program *program, int is_ip4, unsigned long long source_high,
			 unsigned long long source_low, unsigned short source_port,
			 unsigned long long destination_high, unsigned long long destination_low,
			 unsigned short destination_port);

/* Sets a compiled program as the filter of a packet socket and locks it there. Returns 0, or -1 with errno.
 */
int wt_pcap_attach(const struct bpf_program *program, int socket);

#endif
