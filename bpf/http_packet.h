/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_locate: finds the TCP header where it most often is: at the end of a plain IP header.
 *
 * Every load is an absolute bpf_skb_load_bytes: on a packet socket of type SOCK_DGRAM the network
 * header is at offset 0 on every device, and payload, even headers, may lie in page fragments
 * that direct and relative loads do not reach.
 */
#ifndef HTTPF_PACKET_H
#define HTTPF_PACKET_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "http_maps.h"

/* What became of the search for a TCP header; elsewhere: it is for httpf_headers to find, or in a tunnel;
 * QUIC: an Initial packet of it, at `tunnel.at`. */
enum {
	HTTPF_NOT_TCP,
	HTTPF_TCP,
	HTTPF_MALFORMED,
	HTTPF_FRAGMENTED,
	/* Tags, and not IP after them. */
	HTTPF_TAGGED,
	HTTPF_ELSEWHERE,
	HTTPF_TUNNEL,
	HTTPF_QUIC
};

/* IPv4's fragment offset and its flag of more fragments to come: not 0 in a fragment. */
enum { HTTPF_IP4_FRAGMENT = 0x3fff };

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

/* An extension header whose successor may be TCP; an encrypted one (ESP) never shows it. */
static __always_inline int httpf_is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_AH;
}

static __always_inline int httpf_is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD) ||
	       type == bpf_htons(ETH_P_QINQ1);
}

enum { HTTPF_ETHER_IP = 97, HTTPF_MPLS_IN_IP = 137, HTTPF_ETHERNET_IN_IP = 143 };

/* Whether a packet of this protocol of IP may have another one inside. */
static __always_inline int httpf_is_tunnel(__u8 protocol)
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6 || protocol == IPPROTO_GRE ||
	       protocol == IPPROTO_UDP || protocol == HTTPF_MPLS_IN_IP || protocol == HTTPF_ETHER_IP ||
	       protocol == HTTPF_ETHERNET_IN_IP;
}

/* Whether fragments of this protocol of IP are put together; IPFragment.swift has the same. */
static __always_inline int httpf_is_joined(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6 ||
	       protocol == IPPROTO_UDP || protocol == IPPROTO_GRE || protocol == HTTPF_MPLS_IN_IP;
}

static __always_inline int httpf_is_tls_port(__u16 port)
{
	return httpf_settings.tls_ports[port >> 6] >> (port & 63) & 1;
}

/*
 * Bytes that are loaded of each header of a tunnel: after every one of them there is at least an IPv4 and a
 * TCP header.
 */
enum { HTTPF_LAYER_BYTES = 40 };

/*
 * Whether UDP of this port may carry packets: a bit for each of the ports of http_tunnels.h, up to the
 * highest of them. Some lower ports share one; those that clients are given do not.
 */
static __always_inline int httpf_may_tunnel(__u16 port)
{
	return port <= 8472 && 0x90408000d1001200ull >> ((port ^ port >> 6) & 63) & 1;
}

/*
 * Loads the headers, `size` bytes with a TCP header of 20, to `bytes`, with what follows if there is enough
 * of it: a load costs its call, not its bytes. False if the packet is shorter than `size`.
 */
static __always_inline int httpf_load_headers(struct __sk_buff *skb, struct httpf_headers *h, __u8 *bytes,
					      const __u32 size)
{
	__u32 length = skb->len;

	if (length >= size - 20 + HTTPF_TRANSPORT_BYTES) {
		h->prefix = HTTPF_HAS_PREFIX;
		return bpf_skb_load_bytes(skb, 0, bytes, size - 20 + HTTPF_TRANSPORT_BYTES) == 0;
	}
	h->prefix = HTTPF_NO_PREFIX;
	return length >= size && bpf_skb_load_bytes(skb, 0, bytes, size) == 0;
}

/* Finds the TCP header: its offset, its 20 bytes and those of the IP header are then in `h`. */
static __always_inline int httpf_locate(struct __sk_buff *skb, struct httpf_headers *h)
{
	__be16 protocol = skb->protocol;
	__u32 length = skb->len;
	__u8 next;

	if (protocol == bpf_htons(ETH_P_IP)) {
		if (!httpf_load_headers(skb, h, &h->ip4_first, 40) || h->ip4_first != 0x45)
			return HTTPF_ELSEWHERE;
		next = h->ip4_protocol;
		if (h->ip4_fragment & bpf_htons(HTTPF_IP4_FRAGMENT))
			return httpf_is_joined(next) ? HTTPF_ELSEWHERE : HTTPF_NOT_TCP;
		if (next != IPPROTO_TCP)
			goto other;
		h->end = httpf_ip4_end(0, length, h->ip4_length, 20);
		if (!h->end)
			return HTTPF_MALFORMED;
		if (h->end < 40)
			return HTTPF_MALFORMED;
		h->is_ip4 = 1;
		h->offset = 20;
		return HTTPF_TCP;
	}
	if (protocol == bpf_htons(ETH_P_IPV6)) {
		if (!httpf_load_headers(skb, h, h->bytes, 60) || h->bytes[0] >> 4 != 6 ||
		    httpf_is_extension(h->ip6_next))
			return HTTPF_ELSEWHERE;
		next = h->ip6_next;
		if (next != IPPROTO_TCP)
			goto other;
		h->end = httpf_ip6_end(0, length, h->ip6_length);
		if (h->end < 60)
			return HTTPF_MALFORMED;
		h->is_ip4 = 0;
		h->offset = 40;
		return HTTPF_TCP;
	}
	if (protocol == bpf_htons(ETH_P_MPLS_UC) || protocol == bpf_htons(ETH_P_PPP_SES))
		return HTTPF_TUNNEL;
	return httpf_is_vlan(protocol) ? HTTPF_ELSEWHERE : HTTPF_NOT_TCP;
other:
	if (next == IPPROTO_UDP)
		return httpf_may_tunnel(bpf_ntohs(h->source_port)) |
			       httpf_may_tunnel(bpf_ntohs(h->destination_port)) |
			       httpf_is_tls_port(bpf_ntohs(h->destination_port))
			   ? HTTPF_TUNNEL
			   : HTTPF_NOT_TCP;
	return httpf_is_tunnel(next) ? HTTPF_TUNNEL : HTTPF_NOT_TCP;
}

#endif
