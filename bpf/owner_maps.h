/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * owner_ports and the maps: all that the program of owners keeps, and what it shares with its reader.
 */
#ifndef OWNER_MAPS_H
#define OWNER_MAPS_H

#include "owner_types.h"

#include "../Sources/COwnerFilter/include/owner_record.h"

/* Read-only and frozen before the load: the watched ports, bit p % 64 of word p / 64. */
const volatile __u64 owner_ports[1024] = {0};

/* The owner that was sent of a connection; 32 bytes, of 16,384 connections. */
struct owner_known {
	__u32 process;
	__u32 epoch;
	__u64 fingerprint; /* owner_fingerprint of the process when it was sent */
	__u64 groups;	   /* its control groups then */
	__u16 port;	   /* the local one, which the socket has given back when it is closed */
	__u16 listed;
	__u32 zero;
};

/* Who asked for a connection that is not established yet. */
struct owner_process {
	__u32 process;
	__u32 zero;
	__u64 started;
	__u64 cgroup;
	__u64 fingerprint;
	__u64 groups;
	char name[OWNER_NAME];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OWNER_KNOWN);
	__type(key, __u64);
	__type(value, struct owner_known);
} owner_connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OWNER_CONNECTING);
	__type(key, __u64);
	__type(value, struct owner_process);
} owner_connecting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OWNER_CGROUPS);
	__type(key, __u64);
	__type(value, __u32);
} owner_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct owner_state);
} owner_states SEC(".maps");

/* Where the iterator puts the names of a group together: they are too long for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct owner_cgroup);
} owner_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, OWNER_RING);
} owner_ring SEC(".maps");

static __always_inline struct owner_state *owner_shared(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&owner_states, &zero);
}

static __always_inline void owner_count_lost(void)
{
	struct owner_state *state = owner_shared();

	if (state)
		__sync_fetch_and_add(&state->lost, 1);
}

static __always_inline int owner_is_watched(__u16 port)
{
	return owner_ports[port >> 6] >> (port & 63) & 1;
}

#endif
