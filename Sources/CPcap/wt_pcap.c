/* SPDX-License-Identifier: Apache-2.0 */
#include "wt_pcap.h"

int wt_pcap_matches(const struct bpf_program *program, const unsigned char *packet, unsigned int wire_length,
		    unsigned int captured)
{
	struct pcap_pkthdr header = {.caplen = captured, .len = wire_length};

	return pcap_offline_filter(program, &header, packet);
}
