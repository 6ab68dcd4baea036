/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Empty programs where those of TLS text are: what any program there costs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe") int tls_enter(void *context)
{
	return 0;
}

SEC("uprobe") int tls_leave(void *context)
{
	return 0;
}

char probes_license[] SEC("license") = "Dual BSD/GPL";
