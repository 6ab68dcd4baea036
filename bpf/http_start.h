/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_load_first: the first bytes of a segment's payload, by which http_begins.h tells what begins there.
 */
#ifndef HTTPF_START_H
#define HTTPF_START_H

#include "http_begins.h"
#include "http_maps.h"

/* The payload's first bytes, if they came with the headers; no address is computed, as verifiers like it. */
static __always_inline int httpf_take_first(const struct httpf_headers *h, struct httpf_first *first)
{
	const __u64 *words = (const __u64 *)(h->bytes + 60);

	if (h->data_offset >> 4 == 8)
		words = (const __u64 *)(h->bytes + 72);
	else if (h->data_offset >> 4 != 5)
		return 0;
	first->words[0] = words[0];
	first->words[1] = words[1];
	first->words[2] = words[2];
	return 1;
}

/* The first bytes of a segment's payload, of which it has some; false if they cannot be loaded. */
static __always_inline int httpf_load_first(struct __sk_buff *skb, const struct httpf_segment *segment,
					    struct httpf_first *first)
{
	__u32 offset = segment->offset, count = segment->length;

	first->words[0] = first->words[1] = first->words[2] = 0;
	if (count >= HTTPF_START_BYTES) {
		if (!(segment->headers.prefix == HTTPF_HAS_PREFIX &&
		      httpf_take_first(&segment->headers, first)) &&
		    bpf_skb_load_bytes(skb, offset, first, HTTPF_START_BYTES))
			return 0;
	} else {
		__u64 size = count - 1;

		/*
		 * The verifier must see the bounds of the very number that the call takes. From "is not
		 * 0" it only learns "is at least 1" since Linux 6.8; before it, it refuses
		 * an "invalid zero-sized read". Adding one to what is at least 0 it has always understood.
		 */
		asm volatile("" : "+r"(size));
		if (size >= HTTPF_START_BYTES - 1)
			return 0;
#ifdef __bpf__
		asm volatile("%0 += 1" : "+r"(size));
#else
		size += 1;
#endif
		if (bpf_skb_load_bytes(skb, offset, first, size))
			return 0;
	}
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (int i = 0; i < 3; i++)
		first->words[i] = __builtin_bswap64(first->words[i]);
#endif
	return 1;
}

#endif
