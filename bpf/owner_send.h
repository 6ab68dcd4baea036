/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * owner_send: both ends of a connection and whose they are, as a record in the ring.
 */
#ifndef OWNER_SEND_H
#define OWNER_SEND_H

#include "owner_process.h"

/* An IPv4 address in its IPv4-mapped form. */
static __always_inline void owner_map_address(__u64 words[2], __u32 address)
{
	words[0] = 0;
	words[1] = bpf_cpu_to_be64(0x0000ffff00000000ULL | bpf_ntohl(address));
}

/* Reads both ends of a socket; whether it is one of TCP. */
static __always_inline int owner_read_ends(struct owner_connection *record, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (BPF_CORE_READ(sk, sk_protocol) != OWNER_TCP)
		return 0;
	if (family == OWNER_AF_INET) {
		owner_map_address(record->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		owner_map_address(record->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else if (family == OWNER_AF_INET6 && bpf_core_field_exists(common->skc_v6_daddr)) {
		bpf_core_read(record->local, sizeof(record->local), &common->skc_v6_rcv_saddr);
		bpf_core_read(record->remote, sizeof(record->remote), &common->skc_v6_daddr);
	} else {
		return 0;
	}
	record->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	record->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	record->network = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	return 1;
}

static __always_inline void owner_fill(struct owner_connection *record, __u8 kind,
				       struct owner_process *owner)
{
	record->kind = kind;
	record->zero[0] = record->zero[1] = record->zero[2] = 0;
	record->time = bpf_ktime_get_ns();
	record->process = owner->process;
	record->started = owner->started;
	record->cgroup = owner->cgroup;
	__builtin_memcpy(record->name, owner->name, OWNER_NAME);
}

/* Sends who a connection belongs to; the socket's process is known afterwards. */
static __always_inline int owner_send(struct sock *sk, __u8 kind, struct owner_process *owner, __u32 epoch)
{
	struct owner_known known = {.process = owner->process,
				    .epoch = epoch,
				    .fingerprint = owner->fingerprint,
				    .groups = owner->groups};
	struct owner_connection record = {};
	__u64 key = (__u64)sk;

	if (!owner_read_ends(&record, sk))
		return 0;
	owner_fill(&record, kind, owner);
	known.port = record.local_port;
	if (bpf_ringbuf_output(&owner_ring, &record, sizeof(record), BPF_RB_NO_WAKEUP)) {
		bpf_map_delete_elem(&owner_connections, &key);
		owner_count_lost();
		return 0;
	}
	bpf_map_update_elem(&owner_connections, &key, &known, BPF_ANY);
	return 0;
}

/* Whether this runs for the current process, and not only while it happens to. */
static __always_inline int owner_is_current(struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(sk, sk_lock.owned) && !(BPF_CORE_READ(task, flags) & OWNER_KERNEL_THREAD);
}

/* Whether a connection's owner was sent already: this process, as it is now. */
static __always_inline int owner_is_known(struct sock *sk, struct task_struct *leader, __u32 epoch)
{
	__u64 key = (__u64)sk;
	struct owner_known *known = bpf_map_lookup_elem(&owner_connections, &key);

	return known && known->epoch == epoch && owner_is_unchanged(known, leader);
}

#endif
