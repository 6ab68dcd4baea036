/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_locate_any: finds the TCP header after whatever comes before it: VLAN tags, IPv4 options, IPv6
 * extension headers; and says what packets are that are too short for the one load of httpf_locate.
 */
#ifndef HTTPF_HEADERS_H
#define HTTPF_HEADERS_H

#include "http_packet.h"

/* Extension headers that are followed; a chain with more of them is malformed. */
enum { HTTPF_EXTENSIONS = 8 };

/* The IPv4 packet at `h->offset`. */
static __always_inline int httpf_locate_ip4(struct __sk_buff *skb, struct httpf_headers *h)
{
	__u32 base = httpf_verifier_reload(&h->offset), length = skb->len, header;

	if (base + 20 > length || bpf_skb_load_bytes(skb, base, &h->ip4_first, 20))
		return HTTPF_MALFORMED;
	header = (h->ip4_first & 15) * 4;
	if (h->ip4_first >> 4 != 4 || header < 20)
		return HTTPF_MALFORMED;
	if (h->ip4_fragment & bpf_htons(HTTPF_IP4_FRAGMENT) ? !httpf_is_joined(h->ip4_protocol)
							    : h->ip4_protocol != IPPROTO_TCP)
		return HTTPF_NOT_TCP;
	h->is_ip4 = 1;
	h->end = httpf_ip4_end(base, length, h->ip4_length, header);
	if (!h->end)
		return HTTPF_MALFORMED;
	if (h->ip4_fragment & bpf_htons(HTTPF_IP4_FRAGMENT)) {
		h->first = h->ip4_protocol == IPPROTO_TCP && !(h->ip4_fragment & bpf_htons(0x1fff))
			       ? base + header
			       : 0;
		return h->end == base + header ? HTTPF_MALFORMED : HTTPF_FRAGMENTED;
	}
	h->offset = base + header;
	if (base + header + 20 > httpf_verifier_reload(&h->end) ||
	    bpf_skb_load_bytes(skb, httpf_verifier_reload(&h->offset), &h->source_port, 20))
		return HTTPF_MALFORMED;
	return HTTPF_TCP;
}

/*
 * Steps over the extension header of type `h->next` at `h->offset`; HTTPF_TCP while it makes sense.
 */
static __always_inline int httpf_step(struct __sk_buff *skb, struct httpf_headers *h)
{
	__u32 offset = httpf_verifier_reload(&h->offset), type = httpf_verifier_reload(&h->next);
	__u8 extension[8];

	if (!httpf_is_extension(type))
		return HTTPF_NOT_TCP;
	if (offset + 8 > h->end || bpf_skb_load_bytes(skb, offset, extension, 8))
		return HTTPF_MALFORMED;
	h->next = extension[0];
	/* The checksum covers all fragments, and the address that a routing header leads to. */
	if ((type == IPPROTO_FRAGMENT || type == IPPROTO_ROUTING) && h->prefix != HTTPF_TUNNELLED)
		h->prefix = HTTPF_UNVERIFIABLE;
	if (type == IPPROTO_FRAGMENT) {
		h->offset = offset + 8;
		/* Offset, and the flag of more to come: a packet that is its only fragment has neither. */
		if (extension[2] || extension[3] & 0xf9) {
			if (httpf_is_joined(extension[0])) {
				h->first =
				    extension[0] == IPPROTO_TCP && !extension[2] && !(extension[3] & 0xf8)
					? offset + 8
					: 0;
				return h->end == offset + 8 ? HTTPF_MALFORMED : HTTPF_FRAGMENTED;
			}
			if (extension[2] || extension[3] & 0xf8) {
				h->next = 0;
				return HTTPF_NOT_TCP;
			}
		}
		return HTTPF_TCP;
	}
	/* An authentication header counts in words of four bytes, less two; the others in words of
	 * eight, less one. */
	h->offset = offset + (type == IPPROTO_AH ? (extension[1] + 2) * 4 : (extension[1] + 1) * 8);
	return HTTPF_TCP;
}

/* The IPv6 packet at `h->offset`. */
static __always_inline int httpf_locate_ip6(struct __sk_buff *skb, struct httpf_headers *h)
{
	__u32 base = httpf_verifier_reload(&h->offset), length = skb->len;
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
#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_EXTENSIONS; i++) {
		if (httpf_verifier_reload(&h->next) == IPPROTO_TCP)
			break;
		found = httpf_step(skb, h);
		if (found != HTTPF_TCP)
			return found;
	}
	if (httpf_verifier_reload(&h->next) != IPPROTO_TCP)
		return httpf_is_extension(httpf_verifier_reload(&h->next)) ? HTTPF_MALFORMED : HTTPF_NOT_TCP;
	if (httpf_verifier_reload(&h->offset) + 20 > h->end ||
	    bpf_skb_load_bytes(skb, httpf_verifier_reload(&h->offset), &h->source_port, 20))
		return HTTPF_MALFORMED;
	return HTTPF_TCP;
}

/* Whether an IP header at `base` can be believed: what follows is its packet, give or take padding. */
static __always_inline int httpf_plausible(struct __sk_buff *skb, __u32 base, __u32 version)
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
	if (version == 4 ? !*(__be16 *)(ip + 2) : !*(__be16 *)(ip + 4))
		return length - base > 65535;
	return end && (length - end <= 8 || length - base <= 64);
}

static __always_inline int httpf_version(__be16 type)
{
	return type == bpf_htons(ETH_P_IP) ? 4 : type == bpf_htons(ETH_P_IPV6) ? 6 : 0;
}

/*
 * The version of IP in a packet of a VLAN's type, whose offset it leaves in `h->offset`; 0 for none. A tag
 * left in the data on the way out has the data start at IP; on the way in the kernel takes one tag off, and
 * what a second or third one leaves comes before IP. The longer reading goes first: it must name the protocol
 * and fit exactly, which an IP header at 0 cannot do by chance.
 */
static __always_inline int httpf_untag(struct __sk_buff *skb, struct httpf_headers *h)
{
	__be16 tags[4], control;
	int version;

	h->tags = 0;
	if (skb->len < 28 || bpf_skb_load_bytes(skb, 0, tags, 8))
		return 0;
	h->offset = 4;
	version = httpf_version(tags[1]);
	if (version && httpf_plausible(skb, 4, version)) {
		h->tags = bpf_ntohs(tags[0]) & 0xfff;
		return version;
	}
	h->offset = 8;
	version = httpf_is_vlan(tags[1]) ? httpf_version(tags[3]) : 0;
	if (version && httpf_plausible(skb, 8, version)) {
		h->tags = (bpf_ntohs(tags[0]) & 0xfff) | (bpf_ntohs(tags[2]) & 0xfff) << 12;
		return version;
	}
	h->offset = 0;
	version = *(__u8 *)tags >> 4;
	/* Anything may travel in a VLAN: what is not IP is not a fault. */
	if ((version != 4 && version != 6) || !httpf_plausible(skb, 0, version))
		return 0;
	/* The tag is in the link's header, which the data starts after. */
	if (!bpf_skb_load_bytes_relative(skb, ETH_HLEN, &control, sizeof(control), BPF_HDR_START_MAC))
		h->tags = bpf_ntohs(control) & 0xfff;
	return version;
}

/* Finds the TCP header as httpf_locate does, wherever it is; in a tunnel if the packet is long enough. */
static __always_inline int httpf_locate_any(struct __sk_buff *skb, struct httpf_headers *h)
{
	int version = h->inner, found;
	__u32 base;

	h->prefix = HTTPF_TUNNELLED;
	if (!version) {
		h->offset = 0;
		h->prefix = HTTPF_NO_PREFIX;
		version = httpf_is_vlan(skb->protocol) ? httpf_untag(skb, h) : httpf_version(skb->protocol);
	}
	base = httpf_verifier_reload(&h->offset);
	if (version == 4) {
		found = httpf_locate_ip4(skb, h);
		if (found == HTTPF_FRAGMENTED)
			h->offset = base;
		if (found != HTTPF_NOT_TCP || !httpf_is_tunnel(h->ip4_protocol))
			return found;
		if (skb->len < base + 20 + HTTPF_LAYER_BYTES)
			return HTTPF_NOT_TCP;
		h->next = 0;
	} else if (version == 6) {
		found = httpf_locate_ip6(skb, h);
		if (found == HTTPF_FRAGMENTED)
			h->offset = base;
		if (found != HTTPF_NOT_TCP || !httpf_is_tunnel(h->next))
			return found;
		if (skb->len < base + 40 + HTTPF_LAYER_BYTES)
			return HTTPF_NOT_TCP;
		/* After extension headers the protocol's own header is at `offset`. */
		if (httpf_is_extension(h->ip6_next))
			return HTTPF_TUNNEL;
		h->next = 0;
	} else {
		return httpf_is_vlan(skb->protocol) && !h->inner ? HTTPF_TAGGED : HTTPF_NOT_TCP;
	}
	h->offset = base;
	return HTTPF_TUNNEL;
}

#endif
