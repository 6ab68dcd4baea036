/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's helpers for a filter that is built for this machine: see wt_host_filter.c. */
#ifndef WT_BPF_HELPERS_H
#define WT_BPF_HELPERS_H

#include <linux/types.h>

struct __sk_buff;

#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) value *name
#define __array(name, value) __typeof__(value) *name[]
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#undef __noinline
#define __noinline __attribute__((noinline))

#define bpf_map_lookup_elem(map, key) wt_host_lookup(map, key)
#define bpf_skb_load_bytes(skb, offset, to, size) wt_host_load(skb, offset, to, size)
/* A packet starts at its network header here. */
#define bpf_skb_load_bytes_relative(skb, offset, to, size, start) ((void)(skb), (void)(to), -14)
#define bpf_ringbuf_output(ring, data, size, flags) ((void)(flags), wt_host_output(ring, data, size))
#define bpf_ringbuf_query(ring, what) 0
#define bpf_get_smp_processor_id() 0
#define bpf_ktime_get_ns() 1ull

/* A tail call as an ordinary one: what comes after it in the caller is for those that fail. */
/* As the kernel does, no more than 33 for a packet (MAX_TAIL_CALL_CNT). */
extern int wt_host_tail_calls;
#define wt_host_tail_call(skb, program) (wt_host_tail_calls++ < 33 ? (program)(skb) : 0)

void *wt_host_lookup(const void *map, const __u32 *key);
int wt_host_load(const struct __sk_buff *skb, __u32 offset, void *to, __u32 size);
int wt_host_output(void *ring, const void *data, __u64 size);

#endif
