/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_note, tls_note_go: the calls of a library's functions that threads and goroutines are inside, from
 * their beginning to their end.
 */
#ifndef TLS_CALLS_H
#define TLS_CALLS_H

#include "tls_types.h"

/* Where the stack is at a function's end: its return address is gone. Another distance is another call's. */
static __always_inline int tls_is_end(const struct tls_call *call, __u64 stack)
{
	return stack - call->stack <= 64;
}

static __always_inline struct tls_caller tls_caller_of(__u64 goroutine)
{
	struct tls_caller caller = {
	    .number = goroutine,
	    .process = bpf_get_current_pid_tgid() >> 32,
	};

	return caller;
}

/* The place of the thread that runs; NULL when it has none yet. */
static __always_inline struct tls_thread *tls_this_thread(void)
{
	__u32 number = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&tls_threads, &number);
}

/* Makes the place of the thread that runs. Not static, so that the verifier looks at it once. */
__noinline int tls_add_thread(void)
{
	__u32 number = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&tls_threads, &number, &tls_new_thread, BPF_NOEXIST))
		TLS_COUNT(unreadable);
	return 0;
}

/* The same, which may be a new one; NULL when there are TLS_THREADS of them. */
static __always_inline struct tls_thread *tls_any_thread(void)
{
	struct tls_thread *thread = tls_this_thread();

	if (thread)
		return thread;
	tls_add_thread();
	thread = tls_this_thread();
	if (thread)
		thread->since = bpf_ktime_get_ns();
	return thread;
}

/* The call that a receive is inside; NULL for most. */
static __always_inline struct tls_call *tls_receiving_call(struct tls_thread *thread)
{
	struct tls_registers *registers;
	struct tls_caller caller;
	__u64 goroutine = 0;

	if (thread && thread->call.function)
		return &thread->call;
	if (!tls_has_go)
		return NULL;
	/* As the thread entered the kernel: Go keeps its goroutine's address in r14, also around system
	 * calls. */
	registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	bpf_probe_read_kernel(&goroutine, sizeof(goroutine), &registers->r14);
	if (!goroutine)
		return NULL;
	caller = tls_caller_of(goroutine);
	return bpf_map_lookup_elem(&tls_calls, &caller);
}

/* What a function of Go's does. */
static __always_inline __u32 tls_go_function(__u32 function)
{
	if (function == TLS_GO_READ)
		return TLS_READ;
	return function == TLS_GO_WRITE ? TLS_SEND : TLS_HANDSHAKE;
}

/* Not static: what it has on the stack is not on that of what calls it, which is deep. */
__noinline int tls_note_go(__u64 goroutine, __u64 ssl, __u64 buffer, __u64 stack, __u32 function)
{
	struct tls_caller caller = tls_caller_of(goroutine);
	struct tls_call call = {
	    .ssl = ssl,
	    .buffer = buffer,
	    .stack = stack,
	    .function = tls_go_function(function),
	};

	if (!tls_has_go)
		tls_has_go = 1;
	/* A handshake inside of a read or a write is left to the outer one, which is of the same connection.
	 */
	bpf_map_update_elem(&tls_calls, &caller, &call,
			    call.function == TLS_HANDSHAKE ? BPF_NOEXIST : BPF_ANY);
	return 0;
}

/* Whether a function of C takes in what was received. */
static __always_inline int tls_is_reading(__u32 function)
{
	return function == TLS_READ || function == TLS_RECEIVE || function == TLS_HANDSHAKE;
}

static __always_inline void tls_note(struct tls_registers *registers, __u32 function)
{
	struct tls_thread *thread = tls_any_thread();
	__u64 fourth = registers->cx, fifth = registers->r8, stack = registers->sp;
	struct tls_call *call;

	if (!thread)
		return;
	call = &thread->call;
	if (!call->ssl && tls_is_reading(function))
		thread->first = registers->di;
	thread->received.is_fresh = thread->received.state != TLS_NOTHING;
	thread->received.state =
	    thread->received.state == TLS_RECEIVED && tls_is_reading(function) ? TLS_PASSED_ON : TLS_NOTHING;
	/*
	 * A call inside another one, of TLS in TLS, is left to the outer one. What is not further up the
	 * stack never returned: the thread has jumped out of it.
	 */
	if (call->function && call->stack > stack)
		return;
	call->ssl = registers->di;
	call->buffer = registers->si;
	call->stack = stack;
	call->socket = 0;
	/* Loads of the context are to be at constant offsets: not of one of two fields, chosen by its
	 * address. */
	asm volatile("" : "+r"(fourth), "+r"(fifth));
	if (function == TLS_RECEIVE || function == TLS_SEND)
		call->length = 0;
	else
		call->length = function == TLS_WRITE_WITH_FLAGS ? fifth : fourth;
	call->function = function == TLS_RECEIVE ? TLS_READ : function;
}

#endif
