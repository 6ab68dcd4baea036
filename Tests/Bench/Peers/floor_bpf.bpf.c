// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The kernel side of floor_bpf: finds TCP payloads that start like an HTTP/1 head, and passes no packet to
// the socket. It counts them, or copies up to 512 bytes of each into a ring.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum {
	LENGTH = 512,
};

// 0 counts only, 1 fills the ring and lets the reader look by itself, 2 wakes the reader.
const volatile int mode = 0;

struct event {
	__u32 length;
	unsigned char data[LENGTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 32 << 20);
} ring SEC(".maps");

// 0 packets, 1 requests, 2 responses, 3 lost since the ring was full.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline void add(__u32 which)
{
	__u64 *count = bpf_map_lookup_elem(&counts, &which);
	if (count)
		(*count)++;
}

SEC("socket")
int floor_filter(struct __sk_buff *skb)
{
	unsigned char byte;
	__u32 offset = 14, start;

	add(0);
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, offset + 9, &byte, 1) || byte != 6)
			return 0;
		if (bpf_skb_load_bytes(skb, offset, &byte, 1))
			return 0;
		offset += (byte & 15) * 4;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, offset + 6, &byte, 1) || byte != 6)
			return 0;
		offset += 40;
	} else
		return 0;
	if (bpf_skb_load_bytes(skb, offset + 12, &byte, 1))
		return 0;
	offset += (byte >> 4) * 4;
	if (offset + 8 > skb->len || bpf_skb_load_bytes(skb, offset, &start, 4))
		return 0;
	switch (bpf_ntohl(start)) {
	case 0x48545450: // HTTP
		add(2);
		break;
	case 0x47455420: // GET
	case 0x504f5354: // POST
	case 0x50555420: // PUT
	case 0x48454144: // HEAD
	case 0x44454c45: // DELE
	case 0x4f505449: // OPTI
	case 0x50415443: // PATC
		add(1);
		break;
	default:
		return 0;
	}
	if (!mode)
		return 0;
	struct event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	if (!event) {
		add(3);
		return 0;
	}
	__u64 length = skb->len - offset;
	if (length > LENGTH)
		length = LENGTH;
	// Else the compiler leaves out the bound that the verifier asks for.
	asm volatile("" : "+r"(length));
	if (length < 1 || length > LENGTH || bpf_skb_load_bytes(skb, offset, event->data, length))
		length = 0;
	event->length = length;
	bpf_ringbuf_submit(event, mode == 1 ? BPF_RB_NO_WAKEUP : 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
