/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two ways to send a record through a ring, alone: put together and copied at its size, or reserved at a
 * fixed one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum { HEAD = 72 };

struct scratch {
	__u8 bytes[HEAD + 512];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Large enough for all rounds: a full ring would be measured as a fast one. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 28);
} ring SEC(".maps");

SEC("socket") int nothing(struct __sk_buff *skb)
{
	return 0;
}

#define COPIED(payload)                                                                                      \
	SEC("socket") int copied_##payload(struct __sk_buff *skb)                                            \
	{                                                                                                    \
		__u32 first = 0;                                                                             \
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &first);                           \
                                                                                                             \
		if (!scratch || bpf_skb_load_bytes(skb, 0, scratch->bytes + HEAD, payload))                  \
			return 0;                                                                            \
		return bpf_ringbuf_output(&ring, scratch, HEAD + payload, BPF_RB_NO_WAKEUP);                 \
	}

#define RESERVED(payload, size)                                                                              \
	SEC("socket") int reserved_##payload##_of_##size(struct __sk_buff *skb)                              \
	{                                                                                                    \
		__u8 *record = bpf_ringbuf_reserve(&ring, size, 0);                                          \
                                                                                                             \
		if (!record)                                                                                 \
			return 1;                                                                            \
		bpf_skb_load_bytes(skb, 0, record + HEAD, payload);                                          \
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);                                                \
		return 0;                                                                                    \
	}

COPIED(40)
RESERVED(40, 128)
COPIED(370)
RESERVED(370, 512)
RESERVED(370, 1024)
COPIED(512)
RESERVED(512, 576)

char records_license[] SEC("license") = "Dual BSD/GPL";
