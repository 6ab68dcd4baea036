/* SPDX-License-Identifier: Apache-2.0 */
/* records OBJECT: nanoseconds a run of each of its programs, by the kernel's test run: the fastest of several
 * rounds. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

enum { ROUNDS = 8, TIMES = 4000 };

int main(int count, char **arguments)
{
	/* An IPv4 packet after its Ethernet header: the rest does not matter. */
	static unsigned char frame[14 + 540] = {[12] = 8, [14] = 0x45};
	struct bpf_object *object = count == 2 ? bpf_object__open(arguments[1]) : NULL;
	struct bpf_program *program;

	if (!object || bpf_object__load(object)) {
		fprintf(stderr,
			"records: cannot load the programs: it requires root, or CAP_BPF and CAP_NET_RAW\n");
		return 1;
	}
	bpf_object__for_each_program(program, object)
	{
		unsigned int best = ~0u;

		for (int round = 0; round < ROUNDS; round++) {
			LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
				    .data_size_in = sizeof(frame), .repeat = TIMES);

			if (bpf_prog_test_run_opts(bpf_program__fd(program), &options)) {
				perror("records: test run");
				return 1;
			}
			if (options.retval) {
				fprintf(stderr, "records: the ring is full\n");
				return 1;
			}
			if (options.duration < best)
				best = options.duration;
		}
		printf("%-24s %u ns\n", bpf_program__name(program), best);
	}
	bpf_object__close(object);
	return 0;
}
