/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct owner_connection: what the program of owners in the kernel and its reader exchange.
 *
 * Included by bpf/ and by Swift alike. Both sides run on the same machine and were built together; every size
 * is asserted, because the two sides are built by two compilers.
 */
#ifndef OWNER_RECORD_H
#define OWNER_RECORD_H

#include <linux/types.h>

/* The kind of a record: its first byte. */
enum {
	/* The process that asked for a connection, at the moment that it was established. */
	OWNER_CONNECTED = 1,
	/* A process that received from the connection and was not known for it. */
	OWNER_RECEIVED = 2,
	/* The socket of a known connection is closed: nobody owns it any more. */
	OWNER_CLOSED = 3,
	/* The names of a control group: struct owner_cgroup. */
	OWNER_CGROUP = 4,
	/* A process that had the connection open at the start; a `process` of 0 says that several had. */
	OWNER_LISTED = 5,
};

enum {
	/* Bytes of a process's name, TASK_COMM_LEN. */
	OWNER_NAME = 16,
	/* Names of a control group's path that are kept, and bytes of each with its ending zero. */
	OWNER_LEVELS = 8,
	OWNER_LEVEL = 128,
	/* Connections whose owner is known at a time. */
	OWNER_KNOWN = 16384,
	/* Connections that are being established at a time. */
	OWNER_CONNECTING = 4096,
	/* Control groups whose names were sent. */
	OWNER_CGROUPS = 1024,
	/* Bytes of the ring; a power of two. */
	OWNER_RING = 524288,
};

/* A process and its end of a connection. Addresses as on the wire, IPv4 ones in their IPv4-mapped form. */
struct owner_connection {
	__u8 kind;
	__u8 zero[3];
	__u32 process; /* in the kernel's own PID namespace */
	__u64 time;    /* bpf_ktime_get_ns() */
	__u64 started; /* the process, nanoseconds since the machine's start */
	__u64 cgroup;  /* as owner_cgroup.cgroup */
	__u64 local[2];
	__u64 remote[2];
	__u16 local_port; /* ports in host order */
	__u16 remote_port;
	__u32 network; /* the network namespace's inode */
	char name[OWNER_NAME];
};
_Static_assert(sizeof(struct owner_connection) == 88, "the reader expects 88 bytes");

/* The path of a control group, as its kernfs names from the leaf up, each ended by a zero. */
struct owner_cgroup {
	__u8 kind;
	__u8 levels;
	__u8 zero[6];
	__u64 cgroup;
	char names[OWNER_LEVELS][OWNER_LEVEL];
};
_Static_assert(sizeof(struct owner_cgroup) == 16 + 8 * 128, "the reader expects 1040 bytes");

/* What both sides share in memory: the reader writes `epoch` and `unlisted`. */
struct owner_state {
	__u64 epoch;	/* raised by the reader to have every owner sent again */
	__u64 lost;	/* records that found no place in the ring */
	__u64 unlisted; /* set by the reader: it knows connections that this program does not, so tell of
			   their ends */
};

#endif
