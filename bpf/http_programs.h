/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_programs: the programs that take over from the attached one for what is rare.
 *
 * A kernel before 6.8 attaches no filter of more than net.core.optmem_max bytes, 20,480 where nobody has
 * set it; that counts the attached program alone. What it calls by tail call has the verifier's budget,
 * a million steps, each program its own.
 *
 * No program has a function that is called (BPF to BPF): all are inlined. Beside such calls a
 * tail call is refused by interpreters and by arm64's compiler before Linux 6.0, and the verifier
 * distinguishes far more states (kernel/bpf/verifier.c, __mark_reg_unknown: all numbers are precise).
 * For the same reason nothing loops: a program that has more to do calls itself. A chain has at most 33
 * calls (MAX_TAIL_CALL_CNT).
 */
#ifndef HTTPF_PROGRAMS_H
#define HTTPF_PROGRAMS_H

#include "http_maps.h"

/* Indices in httpf_programs. */
enum {
	HTTPF_AT_HEADERS,
	HTTPF_AT_METHODS,
	HTTPF_AT_SINGLE,
	HTTPF_AT_SEARCH,
	HTTPF_AT_STREAM,
	HTTPF_AT_REST,
	HTTPF_AT_FRAMES,
	HTTPF_AT_WALK,
	HTTPF_AT_TUNNEL,
	HTTPF_AT_FRAGMENT,
	HTTPF_AT_HELLO,
	HTTPF_AT_INITIAL,
	HTTPF_PROGRAMS,
};

int httpf_headers(struct __sk_buff *skb);
int httpf_methods(struct __sk_buff *skb);
int httpf_single(struct __sk_buff *skb);
int httpf_search(struct __sk_buff *skb);
int httpf_stream(struct __sk_buff *skb);
int httpf_rest(struct __sk_buff *skb);
int httpf_follow_frames(struct __sk_buff *skb);
int httpf_walk_frames(struct __sk_buff *skb);
int httpf_tunnel(struct __sk_buff *skb);
int httpf_fragment(struct __sk_buff *skb);
int httpf_hello(struct __sk_buff *skb);
int httpf_initial(struct __sk_buff *skb);

/*
 * Filled in when it is loaded (libbpf), and emptied by the kernel when the last descriptor of it is closed
 * (prog_array_map_clear): the loader keeps it open for as long as the filter is attached.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, HTTPF_PROGRAMS);
	/* No type: the kernel takes none for such a map. */
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct __sk_buff *));
} httpf_programs SEC(".maps") = {
    .values =
	{
	    [HTTPF_AT_HEADERS] = (void *)&httpf_headers,
	    [HTTPF_AT_METHODS] = (void *)&httpf_methods,
	    [HTTPF_AT_SINGLE] = (void *)&httpf_single,
	    [HTTPF_AT_SEARCH] = (void *)&httpf_search,
	    [HTTPF_AT_STREAM] = (void *)&httpf_stream,
	    [HTTPF_AT_REST] = (void *)&httpf_rest,
	    [HTTPF_AT_FRAMES] = (void *)&httpf_follow_frames,
	    [HTTPF_AT_WALK] = (void *)&httpf_walk_frames,
	    [HTTPF_AT_TUNNEL] = (void *)&httpf_tunnel,
	    [HTTPF_AT_FRAGMENT] = (void *)&httpf_fragment,
	    [HTTPF_AT_HELLO] = (void *)&httpf_hello,
	    [HTTPF_AT_INITIAL] = (void *)&httpf_initial,
	},
};

/*
 * Continues in the program at `index`, a constant: the kernel's JIT compiler makes a plain jump of it.
 * Returns, to the caller's caller, only if that failed.
 */
static __always_inline int httpf_tail_call(struct __sk_buff *skb, struct httpf_cpu *cpu, const __u32 index)
{
#ifdef __bpf__
	bpf_tail_call_static(skb, &httpf_programs, index);
	HTTPF_COUNT(cpu, tail_calls_failed);
	return 0;
#else
	(void)cpu;
	return wt_host_tail_call(skb, (int (*)(struct __sk_buff *))httpf_programs.values[index]);
#endif
}

#endif
