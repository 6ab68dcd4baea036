/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_enter: steps into a tunnel, one header a call, until the IP header that TCP follows is found. It goes
 * by the same rules as PacketDecoder, which opens what is rarer as well.
 *
 *     packet ─▶ IP ─┬─▶ IP                          IPIP, 6in4, 4in6
 *                   ├─▶ GRE ─▶ IP, Ethernet, PPP    also ERSPAN, PPTP
 *                   └─▶ UDP ─▶ Ethernet, IP, PPP    VXLAN, Geneve, GTP-U, L2TP, ...
 *            └▶ MPLS, PPPoE ─▶ IP, Ethernet
 */
#ifndef HTTPF_TUNNELS_H
#define HTTPF_TUNNELS_H

#include "http_layers.h"
#include "http_programs.h"

/* Headers of one packet; more of them are no packet that anybody sent. HTTPF_WALKS counts them too. */
enum { HTTPF_LAYERS = 12 };

/* The IP header: HTTPF_ELSEWHERE if it carries TCP, or what TCP may follow, or is a fragment's; else `layer`
 * says what. */
static __always_inline int httpf_enter_ip(struct httpf_tunnel *tunnel, struct httpf_headers *h,
					  const __u8 *bytes)
{
	__u32 version = bytes[0] >> 4, of_ip4 = bytes[9], of_ip6 = bytes[6], protocol;

	/* Both are loaded: from an address that is chosen nothing may be, without CAP_PERFMON. */
	asm volatile("" : "+r"(of_ip4), "+r"(of_ip6));
	protocol = version == 4 ? of_ip4 : of_ip6;
	if (version != 4 && version != 6)
		return HTTPF_NOT_TCP;
	if (protocol == IPPROTO_TCP || (version == 6 && httpf_is_extension(protocol)) ||
	    (version == 4 && httpf_big16(bytes + 6) & HTTPF_IP4_FRAGMENT)) {
		h->inner = version;
		h->networks = tunnel->network;
		h->offset = httpf_verifier_reload(&tunnel->at);
		return HTTPF_ELSEWHERE;
	}
	httpf_enter_protocol(tunnel, protocol, version == 4 ? (bytes[0] & 15) * 4 : 40);
	return HTTPF_TUNNEL;
}

/* Begins with the packet's outermost header. */
static __always_inline void httpf_begin_tunnel(struct __sk_buff *skb, struct httpf_tunnel *tunnel)
{
	tunnel->at = 0;
	tunnel->layer = httpf_layer_of_type(bpf_ntohs(skb->protocol));
	tunnel->network = 0;
}

/* Reads the header at `at`; HTTPF_TUNNEL if another one follows that is to be read. */
static __always_inline int httpf_enter(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_tunnel *tunnel = &cpu->tunnel;
	__u8 *bytes = tunnel->bytes;
	__u32 layer;
	int found;

	if (!tunnel->depth)
		httpf_begin_tunnel(skb, tunnel);
	layer = httpf_verifier_reload(&tunnel->layer);
	if (++tunnel->depth > HTTPF_LAYERS)
		return HTTPF_NOT_TCP;
	/* A packet's last fragment may be shorter. */
	if (bpf_skb_load_bytes(skb, httpf_verifier_reload(&tunnel->at), bytes, HTTPF_LAYER_BYTES) &&
	    (layer != HTTPF_LAYER_IP ||
	     bpf_skb_load_bytes(skb, httpf_verifier_reload(&tunnel->at), bytes, 20)))
		return HTTPF_NOT_TCP;
	if (layer == HTTPF_LAYER_IP) {
		found = httpf_enter_ip(tunnel, &cpu->segment.headers, bytes);
		if (found != HTTPF_TUNNEL)
			return found;
	} else if (layer == HTTPF_LAYER_ETHERNET) {
		httpf_go(tunnel, httpf_layer_of_type(httpf_big16(bytes + 12)), 14);
	} else if (layer == HTTPF_LAYER_TAG) {
		if (httpf_big16(bytes) & 0xfff)
			httpf_enter_network(tunnel, HTTPF_IN_VLAN | (httpf_big16(bytes) & 0xfff));
		httpf_go(tunnel, httpf_layer_of_type(httpf_big16(bytes + 2)), 4);
	} else if (layer == HTTPF_LAYER_MPLS) {
		httpf_enter_mpls(tunnel, bytes);
	} else if (layer == HTTPF_LAYER_PPPOE) {
		httpf_go(tunnel, bytes[0] == 0x11 ? HTTPF_LAYER_PPP : HTTPF_LAYER_NONE, 6);
	} else if (layer == HTTPF_LAYER_PPP) {
		httpf_enter_ppp(tunnel, bytes);
	} else if (layer == HTTPF_LAYER_GRE) {
		httpf_enter_gre(tunnel, bytes);
	} else if (layer == HTTPF_LAYER_ERSPAN3) {
		httpf_go(tunnel, HTTPF_LAYER_ETHERNET, bytes[11] & 1 ? 20 : 12);
	} else if (layer == HTTPF_LAYER_UDP) {
		/* The packet's own, whose addresses have been loaded. */
		if (tunnel->depth == 2 && httpf_is_initial(bytes))
			return HTTPF_QUIC;
		httpf_enter_udp(tunnel, bytes);
	} else if (layer == HTTPF_LAYER_GTP_EXTENSION) {
		httpf_enter_extension(skb, tunnel, bytes);
	} else {
		return HTTPF_NOT_TCP;
	}
	return httpf_verifier_reload(&tunnel->layer) ? HTTPF_TUNNEL : HTTPF_NOT_TCP;
}

/* Continues with what httpf_locate_any has found: after IPv6's extension headers, or an IP packet. */
static __always_inline int httpf_resume_tunnel(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_headers *h = &cpu->segment.headers;

	/* httpf_headers was a call of the chain as well. */
	if (h->inner) {
		cpu->tunnel.depth++;
	} else {
		cpu->tunnel.depth = 1;
		cpu->tunnel.network = 0;
	}
	cpu->tunnel.at = httpf_verifier_reload(&h->offset);
	if (h->next)
		httpf_enter_protocol(&cpu->tunnel, h->next, 0);
	else
		cpu->tunnel.layer = HTTPF_LAYER_IP;
	return httpf_tail_call(skb, cpu, HTTPF_AT_TUNNEL);
}

#endif
