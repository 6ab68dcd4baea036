// SPDX-License-Identifier: Apache-2.0
// Many processes of one request each on port 80 of loopback, of which each calls itself by one of a few names:
//     crowd serve                 answers, and says "ready" first
//     crowd ask PROCESSES NAMES   one every 600 microseconds, 100,000 a minute, where the machine can; each name has its
//                                 share of them; says how many milliseconds it took
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Processes that are there at a time.
enum { together = 8 };

// Nanoseconds from one to the next.
static const long step = 600000;

static const struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {.s_addr = 0x0100007f}, .sin_port = 0x5000};

static void fail(const char *what)
{
	perror(what);
	_exit(1);
}

static void serve(void)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	char bytes[4096];

	prctl(PR_SET_NAME, "server");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (const struct sockaddr *)&place, sizeof(place)) || listen(listener, 1024))
		fail("listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		int connection = accept(listener, NULL, NULL);

		if (connection < 0)
			fail("accept");
		if (read(connection, bytes, sizeof(bytes)) > 0 && write(connection, answer, sizeof(answer) - 1) < 0)
			fail("write");
		close(connection);
	}
}

static void ask(int number)
{
	int connection = socket(AF_INET, SOCK_STREAM, 0), count;
	char name[16], bytes[4096];

	snprintf(name, sizeof(name), "one-%d", number);
	prctl(PR_SET_NAME, name);
	count = snprintf(bytes, sizeof(bytes), "GET /%s HTTP/1.1\r\nHost: crowd.example\r\n\r\n", name);
	if (connect(connection, (const struct sockaddr *)&place, sizeof(place)))
		fail("connect");
	if (write(connection, bytes, count) != count || read(connection, bytes, sizeof(bytes)) <= 0)
		fail("no answer");
	_exit(0);
}

// Waits for one of the processes; each must have had its answer.
static void reap(void)
{
	int status;

	if (wait(&status) < 0 || status != 0)
		fail("a process failed");
}

int main(int count, char **arguments)
{
	struct timespec begin, end;
	int processes, names, alive = 0;

	if (count == 2 && !strcmp(arguments[1], "serve"))
		serve();
	if (count != 4)
		return 64;
	processes = atoi(arguments[2]);
	names = atoi(arguments[3]);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int number = 0; number < processes; number++) {
		long since = step * (number);
		struct timespec start = {begin.tv_sec + since / 1000000000, begin.tv_nsec + since % 1000000000};
		pid_t child;

		if (start.tv_nsec >= 1000000000) {
			start.tv_sec++;
			start.tv_nsec -= 1000000000;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &start, NULL);
		child = fork();
		if (child < 0)
			fail("fork");
		if (child == 0)
			ask(number % names);
		if (++alive == together) {
			reap();
			alive--;
		}
	}
	while (alive-- > 0)
		reap();
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%ld\n", (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	return 0;
}
