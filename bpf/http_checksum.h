/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_header_sum: what the reader needs of a TCP header to verify the segment's checksum (RFC 1071).
 *
 * The reader sums the payload, in its own time; bpf_csum_diff is not for socket filters. What may move the
 * filter's own state, so that others do not pass, is verified here: SYNs and frames of HTTP/2.
 */
#ifndef HTTPF_CHECKSUM_H
#define HTTPF_CHECKSUM_H

#include <linux/in.h>

#include "http_maps.h"

/*
 * Bytes of the space that is summed, a power of two; and of a segment that is verified, its header included:
 * Segment.longestVerified.
 */
enum { HTTPF_SUMMED = 2048, HTTPF_VERIFIED = 1480 };

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
 * Whether the checksum of the IPv4 header is wrong that the record's addresses are of: its receiver drops the
 * packet. Not of one with options, which were not loaded.
 */
static __always_inline int httpf_is_ip4_wrong(const struct httpf_headers *h)
{
	const __u32 *words = (const __u32 *)&h->ip4_first;
	__u64 sum = (__u64)words[0] + words[1] + words[2] + words[3] + words[4];

	/* Its words add up to a multiple of 0xffff: by the inverse of that number, in fewer instructions than
	 * folding. */
	return h->ip4_first == 0x45 && sum * 0xfffefffefffeffffull > 0x1000100010001ull;
}

/* The sum of the pseudo-header of a segment, by the bytes of its payload. */
static __always_inline __u64 httpf_pseudo_sum(const struct httpf_headers *h, __u32 bytes)
{
	const __u32 *words = (const __u32 *)h->bytes;
	__u64 pseudo = bpf_htons(IPPROTO_TCP) + bpf_htons((h->data_offset >> 4) * 4 + bytes);

	if (h->is_ip4) {
		pseudo += (__u64)h->ip4_source + h->ip4_destination;
	} else {
#pragma clang loop unroll(full)
		for (int i = 2; i < 10; i++)
			pseudo += words[i];
	}
	return pseudo;
}

/* Whether a checksum is not right, by the sums of the pseudo-header and of what follows the numbers. */
static __always_inline int httpf_is_sum_wrong(const struct httpf_headers *h, __u64 pseudo, __u64 rest)
{
	const __u32 *words = (const __u32 *)h->bytes;

	return httpf_fold(pseudo + words[10] + words[11] + words[12] + rest) != 0xffff;
}

/*
 * Whether the checksum of a segment that has no payload is neither right nor that of the pseudo-header alone,
 * which is what a card is to complete; or IP's is wrong.
 */
static __always_inline int httpf_is_wrong(struct __sk_buff *skb, const struct httpf_headers *h)
{
	__u64 pseudo = httpf_pseudo_sum(h, 0);
	__u32 sum;

	sum = httpf_header_sum(skb, h);
	if (!sum)
		return 0;
	if (h->is_ip4 && httpf_is_ip4_wrong(h))
		return 1;
	return httpf_fold(pseudo) != h->checksum && httpf_is_sum_wrong(h, pseudo, sum);
}

/*
 * The same of a segment with a payload, of at most HTTPF_VERIFIED bytes: a longer one is believed. Not for
 * what every packet takes: the payload is copied, and all of the space for it is summed.
 */
static __always_inline int httpf_is_payload_wrong(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	__u32 length = httpf_verifier_reload(&cpu->segment.length);
	const __u32 *words = (const __u32 *)cpu->payload;
	__u64 *space = (__u64 *)cpu->payload;
	__u64 pseudo, sum, size = length;

	if (length == 0 || length + (h->data_offset >> 4) * 4 > HTTPF_VERIFIED)
		return 0;
	sum = httpf_header_sum(skb, h);
	if (!sum)
		return 0;
	if (h->is_ip4 && httpf_is_ip4_wrong(h))
		return 1;
	pseudo = httpf_pseudo_sum(h, length);
	if (httpf_fold(pseudo) == h->checksum)
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_SUMMED / 8; i++) {
		space[i] = 0;
		/* Else it is one call of memset, which there is none of. */
		asm volatile("" : : : "memory");
	}
	/* As in httpf_copy. */
	asm volatile("" : "+r"(size));
	size = ((size - 1) & (HTTPF_SUMMED - 1)) + 1;
	if (bpf_skb_load_bytes(skb, httpf_verifier_reload(&cpu->segment.offset), cpu->payload, size))
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_SUMMED / 4; i++) {
		sum += words[i];
		/* One load after the other: all at once need more than the stack. */
		asm volatile("" : "+r"(sum) : : "memory");
	}
	return httpf_is_sum_wrong(h, pseudo, sum);
}

#endif
