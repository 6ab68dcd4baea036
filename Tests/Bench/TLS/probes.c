/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probes OBJECT PORT FILE FUNCTION=OFFSET...: attaches an object's programs, those of TLS text or empty ones, to a
 * library's functions until its input ends.
 */
#include "../../../Sources/CTLSFilter/include/tls_record.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST = 16, UPROBES = 48 /* BPF_TRACE_UPROBE_MULTI */ };

struct places {
	unsigned long long offsets[MOST], cookies[MOST];
	unsigned int count;
};

/* The part of union bpf_attr that is about such links: linux/bpf.h since 6.6. */
struct attributes {
	unsigned int program, target, type, flags;
	unsigned long long path, offsets, reference_counters, cookies;
	unsigned int count, return_flags, process, zero;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct bpf_object *load(const char *path, int port)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_map *ports = object ? bpf_object__find_map_by_name(object, ".rodata") : NULL;
	struct bpf_program *program;
	unsigned long long words[1024] = {};

	words[port / 64] = 1ULL << port % 64;
	if (!object || (ports && bpf_map__set_initial_value(ports, words, sizeof(words))))
		fail(path);
	bpf_object__for_each_program(program, object)
		if (bpf_program__type(program) == BPF_PROG_TYPE_KPROBE)
			bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)UPROBES);
	if (bpf_object__load(object))
		fail(path);
	return object;
}

static void attach(struct bpf_object *object, const char *name, const char *path, struct places *places, int is_return)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	struct attributes attributes = {
	    .program = program ? (unsigned int)bpf_program__fd(program) : 0,
	    .type = UPROBES,
	    .path = (unsigned long)path,
	    .offsets = (unsigned long)places->offsets,
	    .cookies = (unsigned long)places->cookies,
	    .count = places->count,
	    .return_flags = (unsigned int)is_return,
	};

	if (!program || syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes)) < 0)
		fail(name);
}

static void add(struct places *places, unsigned long long offset, unsigned long long cookie)
{
	places->offsets[places->count] = offset;
	places->cookies[places->count++] = cookie;
}

/* Where the programs are to be: at the beginnings of all functions, and at the returns of all but one. */
static void find(char **words, int count, struct places *starts, struct places *returns)
{
	static const struct {
		const char *name;
		int cookie;
	} functions[] = {{"read", TLS_READ}, {"write", TLS_WRITE}, {"handshake", TLS_HANDSHAKE}, {"free", TLS_FREE}};

	for (int i = 0; i < count && i < MOST; i++) {
		char *equals = strchr(words[i], '=');
		unsigned long long offset = equals ? strtoull(equals + 1, NULL, 0) : 0;

		for (unsigned int f = 0; equals && f < sizeof(functions) / sizeof(*functions); f++) {
			if (strncmp(words[i], functions[f].name, equals - words[i]))
				continue;
			add(starts, offset, functions[f].cookie);
			if (functions[f].cookie != TLS_FREE)
				add(returns, offset, functions[f].cookie);
		}
	}
}

int main(int count, char **arguments)
{
	struct places starts = {}, returns = {};
	struct bpf_program *program;
	struct bpf_object *object;
	char byte;

	if (count < 5)
		return 64;
	object = load(arguments[1], atoi(arguments[2]));
	find(arguments + 4, count - 4, &starts, &returns);
	attach(object, "tls_leave", arguments[3], &returns, 1);
	attach(object, "tls_enter", arguments[3], &starts, 0);
	bpf_object__for_each_program(program, object)
		if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING && !bpf_program__attach(program))
			fail(bpf_program__name(program));
	printf("attached\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
