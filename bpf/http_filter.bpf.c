/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_filter: a socket filter that sends the HTTP/1 heads it sees through a ring buffer.
 *
 * It never lets a packet into its socket: the socket is only the hook. It needs nothing of the
 * kernel but the stable context and the packet's bytes.
 *
 * Its size counts: a kernel before 6.8 attaches no filter of more than
 * net.core.optmem_max bytes, 20,480 where nobody has set it, of which some 80 are the kernel's own.
 * Instructions take eight bytes each; what the settings make dead is gone by then, and looking up in
 * maps has been inlined. A test holds it below that.
 */
#include <linux/if_packet.h>

#include "http_packet.h"
#include "http_heads.h"

/* The loopback device has this index in every network namespace: include/net/net_namespace.h. */
enum { HTTPF_LOOPBACK = 1 };

static __always_inline int httpf_watched(__u16 port)
{
	return httpf_settings.ports[port >> 6] >> (port & 63) & 1;
}

/* Whether a packet is not to be counted here: a second sighting, or not of this vantage. */
static __always_inline int httpf_left_out(struct __sk_buff *skb, struct httpf_counters *counters,
					  struct httpf_segment *segment)
{
	if (skb->ifindex == HTTPF_LOOPBACK) {
		/* Seen once going out and once coming in: pairs with loopback_xmit. */
		segment->direction = HTTPF_UNKNOWN;
		if (skb->pkt_type != PACKET_OUTGOING)
			return 0;
		HTTPF_COUNT(counters, copies);
		return 1;
	}
	if (skb->pkt_type != PACKET_OUTGOING) {
		segment->direction = HTTPF_INBOUND;
		return httpf_settings.vantage == HTTPF_OUT;
	}
	segment->direction = HTTPF_OUTBOUND;
	if (httpf_settings.vantage != HTTPF_BOTH)
		return httpf_settings.vantage == HTTPF_IN;
	/* A forwarded packet still carries the index of the device that it came in by. */
	if (httpf_settings.all && skb->ingress_ifindex) {
		HTTPF_COUNT(counters, copies);
		return 1;
	}
	return 0;
}

/* The payload of a TCP segment on a watched port, or its absence, if it is to be passed. */
static __always_inline void httpf_decide(struct __sk_buff *skb, struct httpf_scratch *scratch,
					 struct httpf_counters *counters)
{
	struct httpf_segment *segment = &scratch->segment;
	struct httpf_first first;
	__u32 count;

	if (httpf_reread(&segment->length) == 0) {
		if (httpf_settings.streams && segment->headers.flags & (HTTPF_FIN | HTTPF_SYN | HTTPF_RST))
			httpf_pass_stream(skb, scratch, counters);
		return;
	}
	HTTPF_COUNT(counters, payload);
	if (!httpf_load_first(skb, segment, &first))
		return;
	count = httpf_skip_line(&first, segment->length);
	segment->begins = HTTPF_NOTHING;
	if (!httpf_cannot_begin(first.words[0], count)) {
		segment->begins = httpf_begins_fast(&first, count);
		if (segment->begins == HTTPF_REQUEST)
			HTTPF_COUNT(counters, request_heads);
		else if (segment->begins == HTTPF_RESPONSE)
			HTTPF_COUNT(counters, response_heads);
		else if (segment->begins == HTTPF_PREFACE)
			HTTPF_COUNT(counters, http2);
	} else if ((__u8)(first.words[0] - 0x14) <= 3 && (__u8)(first.words[0] >> 8) == 3) {
		/* A TLS record of any type and version: RFC 8446, section 5.1. */
		HTTPF_COUNT(counters, tls);
	}
	if (httpf_settings.streams)
		httpf_pass_stream(skb, scratch, counters);
	else
		httpf_pass_heads(skb, scratch, counters);
}

SEC("socket")
int httpf_filter(struct __sk_buff *skb)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct httpf_counters *counters = bpf_map_lookup_elem(&httpf_counts, &cpu);
	struct httpf_scratch *scratch = bpf_map_lookup_elem(&httpf_scratches, &cpu);
	struct httpf_segment *segment;
	struct httpf_headers *h;
	__u32 offset, header;

	if (!counters || !scratch)
		return 0;
	segment = &scratch->segment;
	h = &segment->headers;
	HTTPF_COUNT(counters, packets);
	if (httpf_left_out(skb, counters, segment))
		return 0;
	switch (httpf_locate(skb, h)) {
	case HTTPF_TCP:
		break;
	case HTTPF_MALFORMED:
		HTTPF_COUNT(counters, malformed);
		return 0;
	case HTTPF_LATER_FRAGMENT:
		HTTPF_COUNT(counters, fragments);
		return 0;
	default:
		return 0;
	}
	if (!httpf_watched(bpf_ntohs(h->source_port)) && !httpf_watched(bpf_ntohs(h->destination_port))) {
		HTTPF_COUNT(counters, other_ports);
		return 0;
	}
	HTTPF_COUNT(counters, on_port);
	header = (h->data_offset >> 4) * 4;
	offset = httpf_reread(&h->offset) + header;
	if (header < 20 || offset > httpf_reread(&h->end)) {
		HTTPF_COUNT(counters, malformed);
		return 0;
	}
	segment->offset = offset;
	segment->length = h->end - offset;
	httpf_decide(skb, scratch, counters);
	return 0;
}

/*
 * Tells the kernel's clock to a loader that may live in a time namespace of its own, where the
 * same clock reads differently. Only ever run by BPF_PROG_TEST_RUN.
 */
SEC("socket")
int httpf_clock(struct __sk_buff *skb)
{
	__u32 first = 0;
	struct httpf_counters *counters = bpf_map_lookup_elem(&httpf_counts, &first);

	if (counters)
		counters->clock = bpf_ktime_get_ns();
	return 0;
}

char httpf_license[] SEC("license") = "Dual BSD/GPL";
