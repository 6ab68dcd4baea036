/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct httpf_headers: finds the TCP header behind whatever stands before it.
 *
 * Every load is an absolute bpf_skb_load_bytes: on a packet socket of type SOCK_DGRAM the network
 * header stands at offset 0 on every device, and payload, even headers, may lie in page fragments
 * that direct and relative loads do not reach.
 */
#ifndef HTTPF_PACKET_H
#define HTTPF_PACKET_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "http_maps.h"

/* What became of the search for a TCP header. */
enum { HTTPF_NOT_TCP, HTTPF_TCP, HTTPF_MALFORMED, HTTPF_LATER_FRAGMENT };

/* Extension headers that are walked; a chain with more of them is malformed. */
enum { HTTPF_EXTENSIONS = 8 };

/* The end of a packet that starts at `base`, or 0: pairs with ip_rcv_core and iph_totlen. */
static __always_inline __u32 httpf_ip4_end(__u32 base, __u32 length, __be16 total, __u32 header)
{
	/* BIG TCP: a super-segment beyond 64 KiB has no length of its own. */
	__u32 bytes = total ? bpf_ntohs(total) : length - base;

	return bytes < header || bytes > length - base ? 0 : base + bytes;
}

/* The same for IPv6: pairs with ip6_rcv_core, where 0 is a jumbo payload. */
static __always_inline __u32 httpf_ip6_end(__u32 base, __u32 length, __be16 payload)
{
	__u32 bytes = payload ? bpf_ntohs(payload) + 40 : length - base;

	return bytes > length - base ? 0 : base + bytes;
}

/*
 * A number that is kept in memory so that it is the same to the verifier on every way, whatever the
 * way made of it: it would follow each of them separately otherwise.
 */
static __always_inline __u32 httpf_reread(const __u32 *number)
{
	return *(volatile const __u32 *)number;
}

/* The IPv4 packet at `h->offset`. */
static __noinline int httpf_locate_ip4(struct __sk_buff *skb, struct httpf_headers *h)
{
	__u32 base = httpf_reread(&h->offset), length = skb->len, header;

	if (base + 20 > length || bpf_skb_load_bytes(skb, base, &h->ip4_first, 20))
		return HTTPF_MALFORMED;
	header = (h->ip4_first & 15) * 4;
	if (h->ip4_first >> 4 != 4 || header < 20)
		return HTTPF_MALFORMED;
	if (h->ip4_protocol != IPPROTO_TCP)
		return HTTPF_NOT_TCP;
	h->is_ip4 = 1;
	h->end = httpf_ip4_end(base, length, h->ip4_length, header);
	if (!h->end)
		return HTTPF_MALFORMED;
	if (h->ip4_fragment & bpf_htons(0x1fff))
		return HTTPF_LATER_FRAGMENT;
	h->offset = base + header;
	if (base + header + 20 > httpf_reread(&h->end) ||
	    bpf_skb_load_bytes(skb, httpf_reread(&h->offset), &h->source_port, 20))
		return HTTPF_MALFORMED;
	return HTTPF_TCP;
}

/* An extension header whose successor may be TCP; an encrypted one (ESP) never shows it. */
static __always_inline int httpf_is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_AH;
}

/*
 * Steps over the extension header of type `h->next` at `h->offset`; HTTPF_TCP while it makes sense.
 */
static __noinline int httpf_step(struct __sk_buff *skb, struct httpf_headers *h)
{
	__u32 offset = httpf_reread(&h->offset), type = httpf_reread(&h->next);
	__u8 extension[8];

	if (!httpf_is_extension(type))
		return HTTPF_NOT_TCP;
	if (offset + 8 > h->end || bpf_skb_load_bytes(skb, offset, extension, 8))
		return HTTPF_MALFORMED;
	h->next = extension[0];
	if (type == IPPROTO_FRAGMENT) {
		h->offset = offset + 8;
		if (extension[2] || extension[3] & 0xf8)
			return extension[0] == IPPROTO_TCP ? HTTPF_LATER_FRAGMENT : HTTPF_NOT_TCP;
		return HTTPF_TCP;
	}
	/* An authentication header counts in words of four bytes, less two; the others in words of
	 * eight, less one. */
	h->offset = offset + (type == IPPROTO_AH ? (extension[1] + 2) * 4 : (extension[1] + 1) * 8);
	return HTTPF_TCP;
}

/* The IPv6 packet at `h->offset`. */
static __noinline int httpf_locate_ip6(struct __sk_buff *skb, struct httpf_headers *h)
{
	__u32 base = httpf_reread(&h->offset), length = skb->len;
	int found;

	if (base + 40 > length || bpf_skb_load_bytes(skb, base, h->bytes, 40) || h->bytes[0] >> 4 != 6)
		return HTTPF_MALFORMED;
	h->next = h->ip6_next;
	if (h->next != IPPROTO_TCP && !httpf_is_extension(h->next))
		return HTTPF_NOT_TCP;
	h->is_ip4 = 0;
	h->end = httpf_ip6_end(base, length, h->ip6_length);
	if (!h->end)
		return HTTPF_MALFORMED;
	h->offset = base + 40;
#pragma unroll
	for (int i = 0; i < HTTPF_EXTENSIONS; i++) {
		if (httpf_reread(&h->next) == IPPROTO_TCP)
			break;
		found = httpf_step(skb, h);
		if (found != HTTPF_TCP)
			return found;
	}
	if (httpf_reread(&h->next) != IPPROTO_TCP)
		return httpf_is_extension(h->next) ? HTTPF_MALFORMED : HTTPF_NOT_TCP;
	if (httpf_reread(&h->offset) + 20 > h->end ||
	    bpf_skb_load_bytes(skb, httpf_reread(&h->offset), &h->source_port, 20))
		return HTTPF_MALFORMED;
	return HTTPF_TCP;
}

/*
 * Whether an IP header that stands at `base` can be believed: what follows is it, give or take. Once
 * for all its callers: see the size in http_filter.bpf.c.
 */
static __noinline int httpf_plausible(struct __sk_buff *skb, __u32 base, __u32 version)
{
	__u32 length = skb->len, end = 0;
	__u8 ip[8];

	if (base + 20 > length || bpf_skb_load_bytes(skb, base, ip, 8) || ip[0] >> 4 != version)
		return 0;
	if (version == 4 && (ip[0] & 15) >= 5)
		end = httpf_ip4_end(base, length, *(__be16 *)(ip + 2), (ip[0] & 15) * 4);
	if (version == 6)
		end = httpf_ip6_end(base, length, *(__be16 *)(ip + 4));
	/* Ethernet pads short frames, and a trailer may follow: nothing else comes after a packet.
	 * Without a length of its own it must be a super-segment. */
	if (!*(__be16 *)(ip + (version == 4 ? 2 : 4)))
		return length - base > 65535;
	return end && (length - end <= 8 || length - base <= 64);
}

static __always_inline int httpf_is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD) ||
	       type == bpf_htons(ETH_P_QINQ1);
}

static __always_inline int httpf_version(__be16 type)
{
	return type == bpf_htons(ETH_P_IP) ? 4 : type == bpf_htons(ETH_P_IPV6) ? 6 : 0;
}

/*
 * Where a packet of a VLAN's type really starts. A tag left in the data on the way out has the data
 * start at IP; on the way in the kernel takes one tag off, and what a second or third one leaves
 * stands before IP. The longer reading goes first: it must name the protocol and fit exactly, which
 * an IP header at 0 cannot do by chance.
 */
static __noinline int httpf_locate_tagged(struct __sk_buff *skb, struct httpf_headers *h)
{
	__be16 tags[4];
	int version;

	h->is_near = 0;
	if (skb->len < 28 || bpf_skb_load_bytes(skb, 0, tags, 8))
		return HTTPF_NOT_TCP;
	version = httpf_version(tags[1]);
	if (version && httpf_plausible(skb, 4, version)) {
		h->offset = 4;
	} else {
		version = httpf_is_vlan(tags[1]) ? httpf_version(tags[3]) : 0;
		if (version && httpf_plausible(skb, 8, version)) {
			h->offset = 8;
		} else {
			h->offset = 0;
			version = *(__u8 *)tags >> 4;
			/* Anything may travel in a VLAN: what is not IP is not a fault. */
			if ((version != 4 && version != 6) || !httpf_plausible(skb, 0, version))
				return HTTPF_NOT_TCP;
		}
	}
	return version == 4 ? httpf_locate_ip4(skb, h) : httpf_locate_ip6(skb, h);
}

/* Options, extension headers and packets too short for the one load of the fast path. */
static __noinline int httpf_locate_slow(struct __sk_buff *skb, struct httpf_headers *h)
{
	h->offset = 0;
	h->is_near = 0;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return httpf_locate_ip4(skb, h);
	return httpf_locate_ip6(skb, h);
}

/*
 * The headers, `size` bytes with a TCP header of 20, to `bytes`, with what follows if there is enough
 * of it: a load costs its call, not its bytes. False if they cannot be had.
 */
static __always_inline int httpf_load_headers(struct __sk_buff *skb, struct httpf_headers *h, __u8 *bytes,
					      __u32 size)
{
	__u32 length = skb->len;

	if (length < size)
		return 0;
	h->is_near = length >= size - 20 + HTTPF_NEAR;
	if (h->is_near)
		size += HTTPF_NEAR - 20;
	return bpf_skb_load_bytes(skb, 0, bytes, size) == 0;
}

/* Finds the TCP header: its offset, its 20 bytes and those of the IP header are then in `h`. */
static __always_inline int httpf_locate(struct __sk_buff *skb, struct httpf_headers *h)
{
	__be16 protocol = skb->protocol;
	__u32 length = skb->len;

	if (protocol == bpf_htons(ETH_P_IP)) {
		if (!httpf_load_headers(skb, h, &h->ip4_first, 40) || h->ip4_first != 0x45)
			return httpf_locate_slow(skb, h);
		if (h->ip4_protocol != IPPROTO_TCP)
			return HTTPF_NOT_TCP;
		h->end = httpf_ip4_end(0, length, h->ip4_length, 20);
		if (!h->end)
			return HTTPF_MALFORMED;
		if (h->ip4_fragment & bpf_htons(0x1fff))
			return HTTPF_LATER_FRAGMENT;
		if (h->end < 40)
			return HTTPF_MALFORMED;
		h->is_ip4 = 1;
		h->offset = 20;
		return HTTPF_TCP;
	}
	if (protocol == bpf_htons(ETH_P_IPV6)) {
		if (!httpf_load_headers(skb, h, h->bytes, 60) || h->bytes[0] >> 4 != 6 ||
		    httpf_is_extension(h->ip6_next))
			return httpf_locate_slow(skb, h);
		if (h->ip6_next != IPPROTO_TCP)
			return HTTPF_NOT_TCP;
		h->end = httpf_ip6_end(0, length, h->ip6_length);
		if (h->end < 60)
			return HTTPF_MALFORMED;
		h->is_ip4 = 0;
		h->offset = 40;
		return HTTPF_TCP;
	}
	return httpf_is_vlan(protocol) ? httpf_locate_tagged(skb, h) : HTTPF_NOT_TCP;
}

#endif
