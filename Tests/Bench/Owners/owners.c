/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owners PROGRAM NOTHING: what the program of owners costs a receive beside an empty one on the same tracepoint,
 * what the list at the start takes, and the memory of its maps.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9, RECEIVES = 100000, DESCRIPTORS = 1500, PORT = 9 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct bpf_object *load(const char *path)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_map *ports = object ? bpf_object__find_map_by_name(object, ".rodata") : NULL;
	__u64 words[1024] = {[PORT / 64] = 1ULL << PORT % 64};

	if (!object || (ports && bpf_map__set_initial_value(ports, words, sizeof(words))) || bpf_object__load(object))
		fail(path);
	return object;
}

static struct bpf_program *attach(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program || !bpf_program__attach(program))
		fail(name);
	return program;
}

/* Nanoseconds and runs of a program so far. */
static struct bpf_prog_info spent(struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		fail("bpf_obj_get_info_by_fd");
	return info;
}

/* Two ends of a connection from the watched port of loopback. */
static void connect_ends(int ends[2])
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (void *)&address, sizeof(address)) || listen(listener, 1))
		fail("listen");
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(ends[0], (void *)&address, sizeof(address)) || (ends[1] = accept(listener, NULL, NULL)) < 0)
		fail("connect");
	close(listener);
}

static int compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return one < other ? -1 : one > other;
}

/* The fastest of the rounds and the one in the middle. */
static void print(const char *name, double values[ROUNDS], const char *unit)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	printf("| %s | %.1f | %.1f | %s |\n", name, values[0], values[ROUNDS / 2], unit);
}

static void measure_receives(struct bpf_program *program, struct bpf_program *nothing)
{
	double whole[ROUNDS], empty[ROUNDS], own[ROUNDS];
	int ends[2];
	char byte = 1;

	connect_ends(ends);
	for (int round = -1; round < ROUNDS; round++) {
		struct bpf_prog_info before = spent(program), base = spent(nothing), after, end;

		for (int i = 0; i < RECEIVES; i++)
			if (write(ends[i & 1], &byte, 1) != 1 || read(ends[~i & 1], &byte, 1) != 1)
				fail("receive");
		after = spent(program);
		end = spent(nothing);
		if (after.run_cnt - before.run_cnt < RECEIVES || end.run_cnt - base.run_cnt < RECEIVES)
			fail("the kernel measures nothing");
		if (round < 0)
			continue;
		whole[round] = (double)(after.run_time_ns - before.run_time_ns) / (after.run_cnt - before.run_cnt);
		empty[round] = (double)(end.run_time_ns - base.run_time_ns) / (end.run_cnt - base.run_cnt);
		own[round] = whole[round] - empty[round];
	}
	print("a receive: the kernel's figure", whole, "ns");
	print("a receive: an empty program's", empty, "ns");
	print("a receive: the difference, which is the program's own", own, "ns");
	close(ends[0]);
	close(ends[1]);
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void measure_list(struct bpf_object *object)
{
	static char part[1 << 16];
	struct rlimit limit = {DESCRIPTORS + 100, DESCRIPTORS + 100};
	double taken[ROUNDS];

	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("setrlimit");
	for (int i = 0; i < DESCRIPTORS; i++)
		if (socket(AF_INET, SOCK_STREAM, 0) < 0)
			fail("socket");
	for (int round = 0; round < ROUNDS; round++) {
		double start = milliseconds();
		struct bpf_link *link = bpf_program__attach(bpf_object__find_program_by_name(object, "owner_list"));
		int list = link ? bpf_iter_create(bpf_link__fd(link)) : -1;

		while (list >= 0 && read(list, part, sizeof(part)) > 0)
			;
		if (list < 0)
			fail("owner_list");
		close(list);
		bpf_link__destroy(link);
		taken[round] = milliseconds() - start;
	}
	print("the list at the start, 1,500 sockets and all else that is open here", taken, "ms");
}

static void measure_memory(struct bpf_object *object)
{
	unsigned long bytes = 0;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		char path[64], line[128];
		unsigned long one;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
		file = fopen(path, "r");
		if (!file)
			fail(path);
		while (fgets(line, sizeof(line), file))
			if (sscanf(line, "memlock: %lu", &one) == 1)
				bytes += one;
		fclose(file);
	}
	printf("| its maps | %.2f | | MiB |\n", bytes / 1048576.0);
}

int main(int count, char **arguments)
{
	struct bpf_object *owners, *empty;
	struct bpf_program *program, *nothing;

	if (count != 3)
		return 64;
	owners = load(arguments[1]);
	empty = load(arguments[2]);
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		fail("the kernel's statistics of BPF programs");
	attach(owners, "owner_change");
	nothing = attach(empty, "nothing");
	program = attach(owners, "owner_receive");
	measure_receives(program, nothing);
	measure_list(owners);
	measure_memory(owners);
	return 0;
}
