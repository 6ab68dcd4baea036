// SPDX-License-Identifier: Apache-2.0
/*
 * Servers and clients whose sockets the kernel itself reads, for the guests of Tests/Kernels/run.
 *
 * sockets uring PORT              serves; receives by io_uring, in the kernel's workers (IOSQE_ASYNC)
 * sockets tls PORT                serves in clear text; answers in TLS of the kernel's (TLS_TX)
 * sockets ask ADDRESS PORT N      asks N times on one connection and reads the answers as they are
 * sockets ask-tls ADDRESS PORT N  the same; receives in TLS of the kernel's (TLS_RX)
 *
 * The processes are called `serving` and `asking`.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/io_uring.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* A key that both ends know, so that no library has to agree on one. */
static void set_tls(int connection, int direction)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
	    .info = {.version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128}};

	if (setsockopt(connection, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) != 0)
		err(1, "TCP_ULP");
	if (setsockopt(connection, SOL_TLS, direction, &info, sizeof(info)) != 0)
		err(1, "SOL_TLS");
}

struct ring {
	int number;
	struct io_uring_params parameters;
	unsigned char *submission, *completion;
	struct io_uring_sqe *entries;
};

static void *map(const struct ring *ring, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->number, offset);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	return memory;
}

static void make_ring(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	ring->number = (int)syscall(SYS_io_uring_setup, 4, &ring->parameters);
	if (ring->number < 0)
		err(1, "io_uring_setup");
	ring->submission = map(ring, ring->parameters.sq_off.array + ring->parameters.sq_entries * sizeof(__u32),
			       IORING_OFF_SQ_RING);
	ring->completion =
	    map(ring, ring->parameters.cq_off.cqes + ring->parameters.cq_entries * sizeof(struct io_uring_cqe),
		IORING_OFF_CQ_RING);
	ring->entries = map(ring, ring->parameters.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
}

static unsigned *word(unsigned char *memory, unsigned offset) { return (unsigned *)(memory + offset); }

/*
 * Has one of the kernel's workers receive, and returns how much it was. It waits for it first: of what is not
 * there yet the process itself is the receiver, once it has come.
 */
static int receive(struct ring *ring, int connection, void *to, unsigned size)
{
	const struct io_sqring_offsets *sq = &ring->parameters.sq_off;
	const struct io_cqring_offsets *cq = &ring->parameters.cq_off;
	unsigned tail = *word(ring->submission, sq->tail), head;
	unsigned slot = tail & *word(ring->submission, sq->ring_mask);
	struct pollfd readable = {.fd = connection, .events = POLLIN};
	const struct io_uring_cqe *done;

	if (poll(&readable, 1, -1) != 1)
		err(1, "poll");
	memset(&ring->entries[slot], 0, sizeof(ring->entries[slot]));
	ring->entries[slot].opcode = IORING_OP_RECV;
	ring->entries[slot].flags = IOSQE_ASYNC;
	ring->entries[slot].fd = connection;
	ring->entries[slot].addr = (unsigned long)to;
	ring->entries[slot].len = size;
	word(ring->submission, sq->array)[slot] = slot;
	__atomic_store_n(word(ring->submission, sq->tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->number, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		err(1, "io_uring_enter");
	head = *word(ring->completion, cq->head);
	done = (const struct io_uring_cqe *)(ring->completion + cq->cqes) +
	       (head & *word(ring->completion, cq->ring_mask));
	__atomic_store_n(word(ring->completion, cq->head), head + 1, __ATOMIC_RELEASE);
	return done->res;
}

static struct sockaddr_in ends(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(1, "%s is no address", address);
	return to;
}

/* Serves one connection after the other. */
static void serve(const char *port, int is_tls)
{
	struct sockaddr_in here = ends("0.0.0.0", port);
	int listener = socket(AF_INET, SOCK_STREAM, 0), connection;
	char request[4096];
	struct ring ring;

	prctl(PR_SET_NAME, "serving");
	if (bind(listener, (struct sockaddr *)&here, sizeof(here)) != 0 || listen(listener, 16) != 0)
		err(1, "listen");
	if (!is_tls)
		make_ring(&ring);
	while ((connection = accept(listener, NULL, NULL)) >= 0) {
		if (is_tls)
			set_tls(connection, TLS_TX);
		while ((is_tls ? recv(connection, request, sizeof(request), 0)
			       : receive(&ring, connection, request, sizeof(request))) > 0)
			if (send(connection, answer, sizeof(answer) - 1, 0) < 0)
				break;
		close(connection);
	}
	err(1, "accept");
}

static void ask(const char *address, const char *port, int times, int is_tls)
{
	static const char request[] = "GET /maps/ HTTP/1.1\r\nHost: kernel.example\r\n\r\n";
	struct sockaddr_in there = ends(address, port);
	int connection = socket(AF_INET, SOCK_STREAM, 0);
	char received[sizeof(answer)];

	prctl(PR_SET_NAME, "asking");
	if (connect(connection, (struct sockaddr *)&there, sizeof(there)) != 0)
		err(1, "connect");
	if (is_tls)
		set_tls(connection, TLS_RX);
	for (int number = 0; number < times; number++) {
		if (send(connection, request, sizeof(request) - 1, 0) < 0)
			err(1, "send");
		if (recv(connection, received, sizeof(answer) - 1, MSG_WAITALL) != sizeof(answer) - 1 ||
		    memcmp(received, answer, sizeof(answer) - 1) != 0)
			errx(1, "no answer to request %d", number);
	}
	close(connection);
}

int main(int count, char **words)
{
	if (count == 3 && (strcmp(words[1], "uring") == 0 || strcmp(words[1], "tls") == 0))
		serve(words[2], words[1][0] == 't');
	else if (count == 5 && strncmp(words[1], "ask", 3) == 0)
		ask(words[2], words[3], atoi(words[4]), strcmp(words[1], "ask-tls") == 0);
	else
		errx(64, "uring PORT, tls PORT, ask or ask-tls ADDRESS PORT N");
	return 0;
}
