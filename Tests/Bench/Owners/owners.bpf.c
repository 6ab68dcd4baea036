/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An empty program on the tracepoint of receives: what any program there costs, and measuring it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/tcp_rcv_space_adjust") int nothing(void *context)
{
	return 0;
}

char owners_license[] SEC("license") = "Dual BSD/GPL";
