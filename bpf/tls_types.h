/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct tls_connection and its like: what the program of TLS text keeps, and the maps that it keeps it in.
 *
 * Programs at probes can be interrupted by others on the same processor, so nothing is kept by processor:
 * what a call knows, and the text that it looks at, is found by its thread, and counters are added to
 * atomically.
 */
#ifndef TLS_TYPES_H
#define TLS_TYPES_H

#include "owner_types.h"

#include "http_begins.h"
#include "../Sources/CTLSFilter/include/tls_record.h"

/* Read-only and frozen before the load: the watched ports, bit p % 64 of word p / 64. */
const volatile __u64 tls_ports[1024] = {0};

/* The registers of a user's thread on x86-64 (struct pt_regs, arch/x86): part of the kernel's interface. */
struct tls_registers {
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp,
	    ss;
};

/* Whether a call of Go's was seen: before that no receive is looked at for goroutines. */
static volatile __u32 tls_has_go;

/* The function that a thread or a goroutine is inside; in a thread's place the last one, if it has returned.
 */
struct tls_call {
	__u64 ssl;
	__u64 buffer;
	__u64 length;	/* where the length that was read or written is put; 0: it is the result */
	__u64 stack;	/* the stack pointer at the function's beginning */
	__u64 socket;	/* that the thread has received from since; 0 for none */
	__u32 function; /* 0: it has returned */
	__u32 zero;
	struct tls_ends ends;
};

enum {
	/* Bytes of text that are loaded at a time, a power of two; and where that fails, since not all of
	   them are resident. */
	TLS_WINDOW = 512,
	TLS_SMALL_WINDOW = 64,
	/* Bytes that are searched at a time. */
	TLS_BLOCK = 64,
};

/* What is known of the last receive of a thread outside of all calls. */
enum {
	TLS_NOTHING = 0,
	TLS_RECEIVED = 1,  /* one socket since the last call */
	TLS_AMBIGUOUS = 2, /* several sockets since then */
	TLS_PASSED_ON = 3, /* one socket, and the call that the thread is inside came next */
};

/* A receive of a thread outside of all calls: of the connection that it passes on to the library next. */
struct tls_received {
	__u64 socket;
	__u32 state;
	__u32 is_fresh; /* it came since the call before, whatever it was of */
	struct tls_ends ends;
};

/* The random that a hello has: no two handshakes of a process have the same. */
struct tls_random {
	/* The first half of it. A zero, and whether it is of a server: that the process has received such
	   hellos. */
	__u64 words[2];
	__u32 process; /* whose thread has received it */
	__u32 zero;
};

/* A hello that a thread has received outside of all calls. */
struct tls_hello {
	__u64 socket; /* 0 once another one has brought the same */
	__u32 is_of_server;
	__u32 zero;
	struct tls_ends ends;
};

/* Text of a call while it is looked at. */
struct tls_text {
	__u64 address;
	__u64 position; /* bytes of its direction before it */
	__u32 count;
	__u32 done;	/* bytes that were passed over */
	__u32 captured; /* of frames: of those, the last ones, which are to be sent and were not yet */
	__u32 begins;	/* of heads: what the text begins with */
	__u8 is_write;
	__u8 is_new; /* the connection's beginning was seen, and no byte of this direction before */
	__u8 zero[6];
};

/* Where the search for a head's end stands: it is an empty line. */
struct tls_search {
	__u64 address;
	__u64 before; /* the word before, whose last byte is in its highest bits */
	__u32 count;  /* bytes at `address` */
	__u32 done;   /* of those, bytes that were searched */
	__u32 at;     /* where in the window the next block is */
	__u32 is_found;
};

/*
 * A thread's place: written where it is by the thread alone, and given back at its end. To give it back at
 * each return would cost more than all else that a call does.
 *
 * What loops count is here as well, and not on the stack, where the verifier knows a number for what it is
 * and follows it from step to step.
 */
struct tls_thread {
	struct tls_call call; /* of Go's functions nothing: those are goroutines' */
	__u64 since;	      /* when its first call was seen */
	struct tls_received received;
	__u64 has_sockets; /* it has received inside of a call: the library has the sockets */
	__u64 first;	   /* the first connection that it has called for, while that has no socket */
	/* Where in the library's memory of a connection the client's random is, and the server's; 0 until one
	   was found. */
	__u32 client_random_at;
	__u32 server_random_at;
	__u64 random_searches; /* how often they were looked for */
	struct tls_text text;
	struct tls_search search;
	__u64 loaded_at; /* where the text in the window is */
	__u32 loaded;	 /* bytes of it; 0 at the beginning of each look at a text */
	__u32 zero;
	__u64 window[TLS_WINDOW / 8 + 4]; /* after the text eight zeros; loads past that are masked */
};

/* What a direction is about to bring. */
enum { TLS_BETWEEN = 0, TLS_IN_HEAD = 1, TLS_IN_FRAMES = 2 };

/* One direction of a connection. */
struct tls_half {
	__u64 position; /* bytes so far */
	__u32 phase;
	__u32 head;	 /* bytes of the head so far */
	__u32 tail;	 /* TLS_IN_HEAD: its last two bytes so far, the last one above the other */
	__u32 rest;	 /* TLS_IN_FRAMES: bytes of the frame's payload still to come */
	__u32 passes;	 /* whether they pass */
	__u32 gathered;	 /* bytes of a frame's header so far */
	__u8 header[24]; /* of a frame: nine bytes, and room for what the verifier thinks possible */
};

struct tls_key {
	__u64 ssl;
	__u32 process;
	__u32 zero;
};

struct tls_connection {
	__u64 number;
	__u64 socket;
	__u64 likely_socket; /* whose bytes were passed on to a call for it, while it has none */
	__u64 random; /* of its client, as it was in the library's memory when the call before returned */
	__u32 is_new; /* its handshake was seen */
	__u32 has_text;
	/* It began before the watch, since the first call of it that was seen had text: of which port it is
	   shows when a call receives, and that it has no socket of its own after TLS_LATE_READS that have
	   not. */
	__u32 is_late;
	__u32 was_late;
	struct tls_ends ends;
	struct tls_half halves[2]; /* what the process reads, and what it writes */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_CONNECTIONS);
	__type(key, struct tls_key);
	__type(value, struct tls_connection);
} tls_connections SEC(".maps");

/* The connection of a socket, to be ended with it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_CONNECTIONS);
	__type(key, __u64);
	__type(value, struct tls_key);
} tls_sockets SEC(".maps");

/* Hellos whose connections have no socket yet. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_HELLOS);
	__type(key, struct tls_random);
	__type(value, struct tls_hello);
} tls_hellos SEC(".maps");

/* Who is inside a call of Go's: a goroutine, which threads take turns at. */
struct tls_caller {
	__u64 number; /* the address of its description */
	__u32 process;
	__u32 zero;
};

/* By thread, whose number no other one has at the time. Not of the kind that evicts: a call may last. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TLS_THREADS);
	__type(key, __u32);
	__type(value, struct tls_thread);
} tls_threads SEC(".maps");

/* What a thread's place is made of. */
static struct tls_thread tls_new_thread;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_CALLS);
	__type(key, struct tls_caller);
	__type(value, struct tls_call);
} tls_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tls_counters);
} tls_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TLS_RING);
} tls_ring SEC(".maps");

#define TLS_COUNT(field)                                                                                     \
	do {                                                                                                 \
		__u32 tls_zero = 0;                                                                          \
		struct tls_counters *tls_all = bpf_map_lookup_elem(&tls_counts, &tls_zero);                  \
		if (tls_all)                                                                                 \
			__sync_fetch_and_add(&tls_all->field, 1);                                            \
	} while (0)

static __always_inline int tls_is_watched(__u16 port)
{
	return tls_ports[port >> 6] >> (port & 63) & 1;
}

/* Whether a connection's text counts: by its ports, and while they are not known. */
static __always_inline int tls_is_wanted(const struct tls_ends *ends)
{
	return !ends->network || tls_is_watched(ends->local_port) || tls_is_watched(ends->remote_port);
}

#endif
