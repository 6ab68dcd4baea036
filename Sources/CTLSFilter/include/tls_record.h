/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct tls_record: what the program of TLS text in the kernel and its reader exchange.
 *
 * Included by bpf/ and by Swift alike. Both sides run on the same machine and were built together; every size
 * is asserted, because the two sides are built by two compilers.
 */
#ifndef TLS_RECORD_H
#define TLS_RECORD_H

#include <linux/types.h>

/* What runs at a place, as the place's cookie says. */
enum {
	TLS_READ = 1,
	TLS_WRITE = 2,
	/* The length that was written is returned by the fifth argument, and not by the fourth. */
	TLS_WRITE_WITH_FLAGS = 3,
	TLS_HANDSHAKE = 4,
	TLS_FREE = 5,
	/* The function that is probed to see whether that does harm. */
	TLS_CANARY = 6,
	/* The length that was read or written is the result. */
	TLS_RECEIVE = 7,
	TLS_SEND = 8,
	/* Those of Go's crypto/tls: its arguments are in registers of its own, and a call is one of a
	   goroutine. */
	TLS_GO_READ = 16,
	TLS_GO_WRITE = 17,
	TLS_GO_HANDSHAKE = 18,
	TLS_GO_CLOSE = 19,
	/* The beginning of TLS_GO_WRITE, where the program runs that else runs at ends. */
	TLS_GO_WRITE_START = 20,
};

/* The kind of a record: its first byte. */
enum {
	/* Begins with a head. */
	TLS_START = 1,
	/* Continues one. */
	TLS_CONTINUATION = 2,
	/* Frames of HTTP/2, without the payload of those that carry bodies. */
	TLS_FRAMES = 3,
	/* The connection is over; `position` and `other_position` say how far both directions have come. */
	TLS_CLOSED = 4,
};

enum {
	/* Bytes of a process's name, TASK_COMM_LEN. */
	TLS_NAME = 16,
	/* Bytes of text that a record carries at most; shorter ones have room for fewer. */
	TLS_TEXT = 4096,
	TLS_ORDINARY_TEXT = 1024,
	TLS_SHORT_TEXT = 256,
	/* Bytes of a head that are followed at most. */
	TLS_HEAD = 65536,
	/* Connections that are followed at a time, threads that have called a function, and goroutines that
	   are inside one. */
	TLS_CONNECTIONS = 16384,
	TLS_THREADS = 8192,
	TLS_CALLS = 8192,
	/* Hellos that threads have received outside of the library, and not passed on yet. */
	TLS_HELLOS = 4096,
	/* Bytes of the ring; a power of two. */
	TLS_RING = 8388608,
};

/* Both ends of a socket. Addresses as on the wire, IPv4 ones in their IPv4-mapped form; ports in host order.
 */
struct tls_ends {
	__u64 local[2];
	__u64 remote[2];
	__u16 local_port;
	__u16 remote_port;
	__u32 network; /* the network namespace's inode; 0: the socket is not known */
	/* The index of the device, in that namespace, by which the socket has received: the uppermost one, a
	   VLAN's or a bond's; 0 for none. */
	__u32 interface;
	__u32 zero;
};

/* Plain text of a connection, followed by `captured` bytes of it. */
struct tls_record {
	__u8 kind;
	__u8 is_write; /* the process wrote it; else it has read it */
	__u8 is_new; /* the connection's beginning was seen, and no byte of this direction before this one */
	__u8 zero;
	__u32 process;	      /* in the kernel's own PID namespace */
	__u64 time;	      /* bpf_ktime_get_ns(), when the call returned */
	__u64 connection;     /* a number that no other connection has */
	__u64 position;	      /* bytes of this direction before this text */
	__u64 other_position; /* bytes of the other direction so far */
	struct tls_ends ends;
	__u32 length;	/* bytes of the text that this record stands for */
	__u32 captured; /* of those, the bytes that follow */
	char name[TLS_NAME];
};
_Static_assert(sizeof(struct tls_ends) == 48, "the reader expects 48 bytes");
_Static_assert(sizeof(struct tls_record) == 112, "the reader expects 112 bytes");

/* What both sides share in memory; the program writes it, with atomic additions. */
struct tls_counters {
	__u64 calls;	     /* of a function that returned text, on watched ports or unknown ones */
	__u64 records;	     /* sent */
	__u64 lost;	     /* records that found no place in the ring */
	__u64 lost_requests; /* of those, starts of requests and frames of them */
	__u64 connections;   /* with text */
	__u64 untied;	     /* of those, connections whose first text came before their socket was known */
	__u64 unreadable;    /* calls whose text could not be read: its page was not resident, it was another
				call's, or its thread has found no place */
	__u64 overlong;	     /* heads of which the rest did not pass */
	__u64 canaries;	     /* calls of the canary's function, and returns from it */
};

#endif
