// SPDX-License-Identifier: Apache-2.0
// The least that watching by eBPF can cost: floor_bpf count|ring|wake NAME, until SIGINT, as root.
//
// count matches in the kernel alone; ring passes heads through a ring that is read every 2 ms; wake does so
// with the kernel's own wake-ups. The reader counts requests and responses and hashes the Host line.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static volatile sig_atomic_t stopped;
static unsigned long requests, responses, table[1 << 16];

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static int event(void *context, void *data, size_t size)
{
	const unsigned char *p = (unsigned char *)data + 4, *host;
	unsigned length, hash = 2166136261u;
	(void)context;
	(void)size;
	memcpy(&length, data, 4);
	if (length > 4 && !memcmp(p, "HTTP", 4)) {
		responses++;
		table[p[length > 9 ? 9 : 0]]++;
		return 0;
	}
	requests++;
	host = memmem(p, length, "\nHost: ", 7);
	if (host) {
		for (host += 7; host<p + length && * host> ' '; host++)
			hash = (hash ^ *host) * 16777619u;
	}
	table[hash & 0xffff]++;
	return 0;
}

// Sets the mode in the read-only data, loads the filter and attaches it to a packet socket. 0, or -1.
static int attach(struct bpf_object *object, int mode, const char *interface)
{
	struct bpf_map *settings = NULL, *map = NULL;
	size_t size;
	while ((map = bpf_object__next_map(object, map)))
		if (strstr(bpf_map__name(map), ".rodata"))
			settings = map;
	if (!settings)
		return -1;
	*(int *)bpf_map__initial_value(settings, &size) = mode;
	if (bpf_object__load(object))
		return -1;
	int program = bpf_program__fd(bpf_object__find_program_by_name(object, "floor_filter"));
	int tap = socket(AF_PACKET, SOCK_RAW, 0);
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_ALL),
				      .sll_ifindex = if_nametoindex(interface)};
	if (tap < 0 || setsockopt(tap, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof program) ||
	    bind(tap, (struct sockaddr *)&address, sizeof address)) {
		perror("attach");
		return -1;
	}
	return 0;
}

static unsigned long long counted(struct bpf_object *object, unsigned which)
{
	unsigned long long each[4096] = {0}, sum = 0;
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "counts"), &which, each);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus() && cpu < 4096; cpu++)
		sum += each[cpu];
	return sum;
}

int main(int count, char **arguments)
{
	char path[4096];
	if (count < 3) {
		fprintf(stderr, "usage: floor_bpf count|ring|wake NAME\n");
		return 64;
	}
	int mode = !strcmp(arguments[1], "count") ? 0 : !strcmp(arguments[1], "ring") ? 1 : 2;
	snprintf(path, sizeof path, "%s.o", arguments[0]);
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	if (!object || attach(object, mode, arguments[2]))
		return 1;
	struct ring_buffer *ring =
	    ring_buffer__new(bpf_object__find_map_fd_by_name(object, "ring"), event, NULL, NULL);
	if (!ring)
		return 1;
	signal(SIGINT, stop);
	while (!stopped) {
		if (mode == 2) {
			ring_buffer__poll(ring, 100);
			continue;
		}
		struct timespec pause = {0, mode ? 2000000 : 100000000};
		nanosleep(&pause, NULL);
		if (mode)
			ring_buffer__consume(ring);
	}
	ring_buffer__consume(ring);
	unsigned long long asked = counted(object, 1), answered = counted(object, 2);
	printf("packets=%llu matched=%llu lost=%llu requests=%llu responses=%llu\n", counted(object, 0),
	       asked + answered, counted(object, 3), mode ? requests : asked, mode ? responses : answered);
	return 0;
}
