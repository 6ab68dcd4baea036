/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_enter_*: what follows each header of a tunnel, and how long the header is. They change the tunnel's
 * layer and place alone; http_tunnels.h goes from one to the next.
 */
#ifndef HTTPF_LAYERS_H
#define HTTPF_LAYERS_H

#include "http_packet.h"

/* What is at `at`; none: nothing that is opened. */
enum {
	HTTPF_LAYER_NONE,
	HTTPF_LAYER_IP,
	HTTPF_LAYER_ETHERNET,
	HTTPF_LAYER_TAG,
	HTTPF_LAYER_MPLS,
	HTTPF_LAYER_PPPOE,
	HTTPF_LAYER_PPP,
	HTTPF_LAYER_GRE,
	HTTPF_LAYER_ERSPAN3,
	HTTPF_LAYER_UDP,
	HTTPF_LAYER_GTP_EXTENSION,
};

enum { HTTPF_TYPE_PPP = 0x880b, HTTPF_TYPE_ERSPAN3 = 0x22eb, HTTPF_TYPE_BRIDGED = 0x6558 };
enum { HTTPF_PPP_IP = 0x0021, HTTPF_PPP_IP6 = 0x0057, HTTPF_PPP_MPLS = 0x0281, HTTPF_PPP_FRAMING = 0xff03 };
enum {
	HTTPF_GRE_CHECKSUM = 0x8000,
	HTTPF_GRE_ROUTING = 0x4000,
	HTTPF_GRE_KEY = 0x2000,
	HTTPF_GRE_SEQUENCE = 0x1000,
	HTTPF_GRE_ACKNOWLEDGEMENT = 0x0080,
	HTTPF_GRE_VERSION = 0x0007,
};
/* What follows a header of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe). */
enum { HTTPF_GPE_IP = 1, HTTPF_GPE_IP6 = 2, HTTPF_GPE_ETHERNET = 3, HTTPF_GPE_SERVICE_HEADER = 4 };
/* By what the numbers of networks of different kinds differ: VirtualNetwork.swift. */
enum { HTTPF_IN_VLAN = 0x10000000, HTTPF_IN_VXLAN = 0x20000000, HTTPF_IN_GENEVE = 0x30000000 };

static __always_inline __u32 httpf_big16(const __u8 *bytes)
{
	return (__u32)bytes[0] << 8 | bytes[1];
}

/* The next header is a `layer`, `bytes` after the one that is being read. */
static __always_inline void httpf_go(struct httpf_tunnel *tunnel, __u32 layer, __u32 bytes)
{
	tunnel->layer = layer;
	tunnel->at += bytes;
}

/* Notes that the packet is in a virtual network, inside of those that it is in already. */
static __always_inline void httpf_enter_network(struct httpf_tunnel *tunnel, __u32 number)
{
	tunnel->network = (tunnel->network ^ number) * 0x9e3779b1u;
}

/* What an Ethernet type announces. */
static __always_inline __u32 httpf_layer_of_type(__u32 type)
{
	if (type == ETH_P_IP || type == ETH_P_IPV6)
		return HTTPF_LAYER_IP;
	if (type == ETH_P_8021Q || type == ETH_P_8021AD)
		return HTTPF_LAYER_TAG;
	if (type == ETH_P_MPLS_UC)
		return HTTPF_LAYER_MPLS;
	if (type == ETH_P_PPP_SES)
		return HTTPF_LAYER_PPPOE;
	return type == HTTPF_TYPE_BRIDGED ? HTTPF_LAYER_ETHERNET : HTTPF_LAYER_NONE;
}

/* What a protocol of IP announces, after a header of `bytes`. */
static __always_inline void httpf_enter_protocol(struct httpf_tunnel *tunnel, __u32 protocol, __u32 bytes)
{
	__u32 layer = HTTPF_LAYER_NONE;

	if (protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6)
		layer = HTTPF_LAYER_IP;
	else if (protocol == IPPROTO_GRE)
		layer = HTTPF_LAYER_GRE;
	else if (protocol == IPPROTO_UDP)
		layer = HTTPF_LAYER_UDP;
	else if (protocol == HTTPF_MPLS_IN_IP)
		layer = HTTPF_LAYER_MPLS;
	else if (protocol == HTTPF_ETHER_IP || protocol == HTTPF_ETHERNET_IN_IP)
		layer = HTTPF_LAYER_ETHERNET;
	httpf_go(tunnel, layer, protocol == HTTPF_ETHER_IP ? bytes + 2 : bytes);
}

/* RFC 3032: one label; at the bottom of the stack what follows says itself what it is. */
static __always_inline void httpf_enter_mpls(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	__u32 version = bytes[4] >> 4;

	if (!(bytes[2] & 1))
		httpf_go(tunnel, HTTPF_LAYER_MPLS, 4);
	else if (version == 4 || version == 6)
		httpf_go(tunnel, HTTPF_LAYER_IP, 4);
	else
		/* A pseudo-wire (RFC 4448): a control word's first bits are zero. */
		httpf_go(tunnel, HTTPF_LAYER_ETHERNET, version ? 4 : 8);
}

/* RFC 1661, with the framing bytes of RFC 1662 or without; a protocol may be compressed to its odd byte. */
static __always_inline void httpf_enter_ppp(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	__u32 first = bytes[0], protocol = httpf_big16(bytes), skipped = 0;

	if (protocol == HTTPF_PPP_FRAMING) {
		first = bytes[2];
		protocol = httpf_big16(bytes + 2);
		skipped = 2;
	}
	if (first & 1) {
		protocol = first;
		skipped -= 1;
	}
	if (protocol == HTTPF_PPP_IP || protocol == HTTPF_PPP_IP6)
		httpf_go(tunnel, HTTPF_LAYER_IP, skipped + 2);
	else if (protocol == HTTPF_PPP_MPLS)
		httpf_go(tunnel, HTTPF_LAYER_MPLS, skipped + 2);
	else
		tunnel->layer = HTTPF_LAYER_NONE;
}

/* RFC 2784, 2890 and 2637: GRE with its optional fields. */
static __always_inline void httpf_enter_gre(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	__u32 flags = httpf_big16(bytes), type = httpf_big16(bytes + 2), size = 4, layer;

	if (flags & (HTTPF_GRE_CHECKSUM | HTTPF_GRE_ROUTING))
		size += 4;
	if (flags & HTTPF_GRE_KEY)
		size += 4;
	if (flags & HTTPF_GRE_SEQUENCE)
		size += 4;
	layer = httpf_layer_of_type(type);
	if (type == HTTPF_TYPE_PPP)
		layer = HTTPF_LAYER_PPP;
	if (flags & HTTPF_GRE_VERSION) {
		/* PPTP, with an acknowledgement number perhaps. */
		if (type != HTTPF_TYPE_PPP)
			layer = HTTPF_LAYER_NONE;
		if (flags & HTTPF_GRE_ACKNOWLEDGEMENT)
			size += 4;
	} else if (type == ETH_P_ERSPAN) {
		/* Type II has a header if there is a sequence number. */
		layer = HTTPF_LAYER_ETHERNET;
		if (flags & HTTPF_GRE_SEQUENCE)
			size += 8;
	} else if (type == HTTPF_TYPE_ERSPAN3) {
		layer = HTTPF_LAYER_ERSPAN3;
	}
	httpf_go(tunnel, layer, size);
}

/* 3GPP TS 29.281: a G-PDU of GTP-U, version 1, at 8 of `bytes`. */
static __always_inline void httpf_enter_gtp(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	tunnel->layer = HTTPF_LAYER_NONE;
	if (bytes[8] >> 5 != 1 || !(bytes[8] & 0x10) || bytes[9] != 0xff)
		return;
	if (bytes[8] & 0x04 && bytes[19])
		httpf_go(tunnel, HTTPF_LAYER_GTP_EXTENSION, 20);
	else
		httpf_go(tunnel, HTTPF_LAYER_IP, bytes[8] & 0x07 ? 20 : 16);
}

/* The length of L2TP's padding, whose place depends on the fields before it; loaded from each, as no address
 * is computed here. */
static __always_inline __u32 httpf_l2tp_padding(volatile const __u8 *bytes, __u32 flags)
{
	__u32 plain = (__u32)bytes[14] << 8 | bytes[15], with_length = (__u32)bytes[16] << 8 | bytes[17];
	__u32 with_numbers = (__u32)bytes[18] << 8 | bytes[19], with_both = (__u32)bytes[20] << 8 | bytes[21];

	if (flags & 0x4000)
		return flags & 0x0800 ? with_both : with_length;
	return flags & 0x0800 ? with_numbers : plain;
}

/* RFC 2661: data of L2TP, version 2, at 8 of `bytes`. */
static __always_inline void httpf_enter_l2tp(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	__u32 flags = httpf_big16(bytes + 8), size = 8 + 6;

	tunnel->layer = HTTPF_LAYER_NONE;
	if ((flags & 0x800f) != 2)
		return;
	if (flags & 0x4000)
		size += 2;
	if (flags & 0x0800)
		size += 4;
	if (flags & 0x0200)
		size += 2 + httpf_l2tp_padding(bytes, flags);
	httpf_go(tunnel, HTTPF_LAYER_PPP, size);
}

/* RFC 7348 at 8 of `bytes`; with VXLAN-GPE's flag a byte says what follows: no service header is opened. */
static __always_inline void httpf_enter_vxlan(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	__u32 next = bytes[8] & 0x04 ? bytes[11] : HTTPF_GPE_ETHERNET;
	int is_ip = next == HTTPF_GPE_IP || next == HTTPF_GPE_IP6;

	tunnel->layer = HTTPF_LAYER_NONE;
	if (!(bytes[8] & 0x08) || next == HTTPF_GPE_SERVICE_HEADER)
		return;
	httpf_enter_network(tunnel, HTTPF_IN_VXLAN | httpf_big16(bytes + 12) << 8 | bytes[14]);
	httpf_go(tunnel, is_ip ? HTTPF_LAYER_IP : HTTPF_LAYER_ETHERNET, 16);
}

/* RFC 8926 at 8 of `bytes`. */
static __always_inline void httpf_enter_geneve(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	tunnel->layer = HTTPF_LAYER_NONE;
	if (bytes[8] >> 6)
		return;
	httpf_enter_network(tunnel, HTTPF_IN_GENEVE | httpf_big16(bytes + 12) << 8 | bytes[14]);
	httpf_go(tunnel, httpf_layer_of_type(httpf_big16(bytes + 10)), 16 + (bytes[8] & 0x3f) * 4);
}

/* AYIYA (draft-massar-v6ops-ayiya) at 8 of `bytes`: an identity and a signature in front of the packet. */
static __always_inline void httpf_enter_ayiya(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	__u32 identity = 1u << (bytes[8] >> 4 & 7), signature = (bytes[9] >> 4) * 4;

	tunnel->layer = HTTPF_LAYER_NONE;
	if ((bytes[10] & 0x0f) == 1 && (bytes[11] == IPPROTO_IPV6 || bytes[11] == IPPROTO_IPIP))
		httpf_go(tunnel, HTTPF_LAYER_IP, 16 + identity + signature);
}

/* The kind of tunnel that a UDP port is known for; PacketDecoder's TunnelPort has their names. */
enum { HTTPF_NO_TUNNEL, HTTPF_VXLAN, HTTPF_GENEVE, HTTPF_GTP, HTTPF_L2TP, HTTPF_AYIYA, HTTPF_TEREDO };

static __always_inline __u32 httpf_tunnel_of_port(__u32 port)
{
	if (port == 4789 || port == 8472 || port == 4790)
		return HTTPF_VXLAN;
	if (port == 6081)
		return HTTPF_GENEVE;
	if (port == 2152)
		return HTTPF_GTP;
	if (port == 1701)
		return HTTPF_L2TP;
	if (port == 5072)
		return HTTPF_AYIYA;
	return port == 3544 ? HTTPF_TEREDO : HTTPF_NO_TUNNEL;
}

/*
 * Whether a UDP header at `bytes` begins a datagram to a port of TLS that begins with an Initial packet of
 * QUIC, of version 1 or 2 (RFC 9000, section 17.2.2, and RFC 9369, section 3.2).
 */
static __always_inline int httpf_is_initial(const __u8 *bytes)
{
	__u32 version = httpf_big16(bytes + 9) << 16 | httpf_big16(bytes + 11), type = bytes[8] & 0xf0;

	return httpf_is_tls_port(httpf_big16(bytes + 2)) &&
	       ((type == 0xc0 && version == 1) || (type == 0xd0 && version == 0x6b3343cf));
}

static __always_inline void httpf_enter_udp(struct httpf_tunnel *tunnel, const __u8 *bytes)
{
	__u32 destination = httpf_big16(bytes + 2), kind = httpf_tunnel_of_port(destination);

	if (destination == 6635)
		return httpf_go(tunnel, HTTPF_LAYER_MPLS, 8);
	if (destination == 4754)
		return httpf_go(tunnel, HTTPF_LAYER_GRE, 8);
	if (destination == 4341)
		return httpf_go(tunnel, HTTPF_LAYER_IP, 16);
	if (!kind)
		kind = httpf_tunnel_of_port(httpf_big16(bytes));
	/* Else clang 21 knows that there are no other kinds, and calls __bpf_trap for them. */
	asm volatile("" : "+r"(kind));
	if (kind == HTTPF_VXLAN)
		httpf_enter_vxlan(tunnel, bytes);
	else if (kind == HTTPF_GENEVE)
		httpf_enter_geneve(tunnel, bytes);
	else if (kind == HTTPF_GTP)
		httpf_enter_gtp(tunnel, bytes);
	else if (kind == HTTPF_L2TP)
		httpf_enter_l2tp(tunnel, bytes);
	else if (kind == HTTPF_AYIYA)
		httpf_enter_ayiya(tunnel, bytes);
	else if (kind == HTTPF_TEREDO && bytes[8] >> 4 == 6)
		httpf_go(tunnel, HTTPF_LAYER_IP, 8);
	else
		tunnel->layer = HTTPF_LAYER_NONE;
}

/* An extension header of GTP-U: its length in words comes first, the next one's type last. */
static __always_inline void httpf_enter_extension(struct __sk_buff *skb, struct httpf_tunnel *tunnel,
						  const __u8 *bytes)
{
	__u32 size = bytes[0] * 4;
	__u8 type;

	tunnel->layer = HTTPF_LAYER_NONE;
	if (!size || bpf_skb_load_bytes(skb, httpf_verifier_reload(&tunnel->at) + size - 1, &type, 1))
		return;
	httpf_go(tunnel, type ? HTTPF_LAYER_GTP_EXTENSION : HTTPF_LAYER_IP, size);
}

#endif
