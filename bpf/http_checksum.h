/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_header_sum: what the reader needs of a TCP header to verify the segment's checksum (RFC 1071).
 *
 * The reader sums the payload, in its own time; bpf_csum_diff is not for socket filters. What has no payload,
 * and may move the filter's own state, is verified here.
 */
#ifndef HTTPF_CHECKSUM_H
#define HTTPF_CHECKSUM_H

#include <linux/in.h>

#include "http_maps.h"

/* A sum of 32-bit words as one of 16-bit words, in 16 bits. */
static __always_inline __u32 httpf_fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The sum of the TCP header's options; false if they cannot be loaded. */
static __always_inline int httpf_sum_options(struct __sk_buff *skb, const struct httpf_headers *h, __u64 *sum)
{
	__u64 size = (h->data_offset >> 4) * 4 - 20;
	__u32 words[16];

	/* All 16: without CAP_PERFMON verifiers refuse a load of no fixed size to what was not set. */
#pragma clang loop unroll(full)
	for (int i = 0; i < 16; i++)
		words[i] = 0;
	/* Changes no size that may come here, 4 to 40; shows the verifier that none other can. */
	asm volatile("" : "+r"(size));
	size = ((size - 1) & 63) + 1;
	if (bpf_skb_load_bytes(skb, httpf_verifier_reload(&h->offset) + 20, words, size))
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < 10; i++)
		*sum += words[i];
	return 1;
}

/*
 * The sum of the TCP header from its fourth word on, never 0; or 0 if the checksum cannot be verified: of a
 * super-segment, whose header is that of its first segment or of none.
 */
static __always_inline __u32 httpf_header_sum(struct __sk_buff *skb, const struct httpf_headers *h)
{
	const __u32 *words = (const __u32 *)h->bytes;
	__u64 sum = (__u64)words[13] + words[14];

	if (skb->gso_size || h->prefix >= HTTPF_UNVERIFIABLE)
		return 0;
	/* Most have no options, or timestamps alone. */
	if (h->data_offset >> 4 != 5) {
		if (h->data_offset >> 4 == 8 && h->prefix == HTTPF_HAS_PREFIX)
			sum += (__u64)words[15] + words[16] + words[17];
		else if (!httpf_sum_options(skb, h, &sum))
			return 0;
	}
	return httpf_fold(sum);
}

/*
 * Whether the checksum of the segment that the record describes, which has no payload, is neither right nor
 * that of the pseudo-header alone, which is what a card is to complete.
 */
static __always_inline int httpf_is_wrong(const struct httpf_headers *h, const struct httpf_event *event)
{
	const __u32 *words = (const __u32 *)h->bytes;
	__u64 pseudo = bpf_htons(IPPROTO_TCP) + bpf_htons((h->data_offset >> 4) * 4);

	if (!event->header_sum)
		return 0;
	if (h->is_ip4) {
		pseudo += (__u64)h->ip4_source + h->ip4_destination;
	} else {
#pragma clang loop unroll(full)
		for (int i = 2; i < 10; i++)
			pseudo += words[i];
	}
	if (httpf_fold(pseudo) == h->checksum)
		return 0;
	return httpf_fold(pseudo + words[10] + words[11] + words[12] + event->header_sum) != 0xffff;
}

#endif
