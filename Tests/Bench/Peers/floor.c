// SPDX-License-Identifier: Apache-2.0
// The least that reading can cost: counts packets whose TCP payload starts like an HTTP/1 head, and nothing
// else.
//
//   floor FILE        reads with libpcap            floor -m FILE     reads a mapping, without libpcap
//   floor -i NAME     captures with libpcap until SIGINT
//   floor -p ...      also parses the head (method, status, Host, first path segment) and counts in one hash
//   table
#include <fcntl.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SLOTS = 1 << 16,
};

static unsigned long packets, requests, responses, status_class[10];
static int parse;
static pcap_t *capture;
static struct slot {
	unsigned hash;
	unsigned long count;
} table[SLOTS];

static unsigned big_endian_16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static void count_key(unsigned hash)
{
	if (!hash)
		hash = 1;
	unsigned i = hash;
	while (table[i % SLOTS].hash && table[i % SLOTS].hash != hash)
		i++;
	table[i % SLOTS].hash = hash;
	table[i % SLOTS].count++;
}

static unsigned mix(unsigned hash, unsigned char byte)
{
	return (hash ^ byte) * 16777619u;
}

static void parse_request(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *q = memchr(p, ' ', end - p < 16 ? end - p : 16);
	const unsigned none = 2166136261u;
	unsigned section = none, host = none;
	if (!q)
		return;
	for (q++; q<end && * q> ' ' && *q != '?'; q++) {
		if (*q != '/')
			section = mix(section, *q);
		else if (section != none)
			break;
	}
	for (const unsigned char *line = q; (line = memchr(line, '\n', end - line));) {
		line++;
		if (line + 6 < end && !strncasecmp((const char *)line, "host:", 5)) {
			for (line += 5; line < end && *line == ' '; line++)
				;
			for (; line<end && * line> ' '; line++)
				host = mix(host, *line);
			break;
		}
	}
	count_key(host);
	count_key(host * 31 + section);
}

static void payload(const unsigned char *p, const unsigned char *end)
{
	unsigned start;
	memcpy(&start, p, 4);
	switch (__builtin_bswap32(start)) {
	case 0x48545450: // HTTP
		if (p[4] != '/')
			return;
		responses++;
		if (parse && p + 12 < end)
			status_class[p[9] % 10]++;
		return;
	case 0x47455420: // GET
	case 0x504f5354: // POST
	case 0x50555420: // PUT
	case 0x48454144: // HEAD
	case 0x44454c45: // DELE
	case 0x4f505449: // OPTI
	case 0x50415443: // PATC
		requests++;
		if (parse)
			parse_request(p, end);
	}
}

static void packet(unsigned char *unused, const struct pcap_pkthdr *header, const unsigned char *p)
{
	const unsigned char *end = p + header->caplen;
	(void)unused;
	packets++;
	if (header->caplen < 54)
		return;
	unsigned type = big_endian_16(p + 12);
	p += 14;
	if (type == 0x8100) {
		type = big_endian_16(p + 2);
		p += 4;
	}
	if (type == 0x0800) {
		if (p[9] != 6 || big_endian_16(p + 6) & 0x1fff)
			return;
		if (p + big_endian_16(p + 2) < end)
			end = p + big_endian_16(p + 2);
		p += (p[0] & 15) * 4;
	} else if (type == 0x86dd) {
		if (p[6] != 6)
			return;
		p += 40;
	} else
		return;
	if (p + 20 > end)
		return;
	p += (p[12] >> 4) * 4;
	if (p + 8 <= end)
		payload(p, end);
}

static int read_mapping(const char *path)
{
	struct stat about;
	int file = open(path, O_RDONLY);
	if (file < 0 || fstat(file, &about)) {
		perror(path);
		return 1;
	}
	unsigned char *bytes = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
	if (bytes == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	struct pcap_pkthdr header;
	for (off_t at = 24; at + 16 <= about.st_size; at += 16 + header.caplen) {
		memcpy(&header.caplen, bytes + at + 8, 4);
		packet(NULL, &header, bytes + at + 16);
	}
	return 0;
}

static void stop(int number)
{
	(void)number;
	pcap_breakloop(capture);
}

static int read_libpcap(const char *interface, const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	capture =
	    interface ? pcap_open_live(interface, 65535, 1, 100, error) : pcap_open_offline(path, error);
	if (!capture) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	signal(SIGINT, stop);
	pcap_loop(capture, -1, packet, NULL);
	return 0;
}

int main(int count, char **arguments)
{
	const char *interface = NULL;
	int option, mapped = 0;
	while ((option = getopt(count, arguments, "pmi:")) != -1) {
		if (option == 'p')
			parse = 1;
		else if (option == 'm')
			mapped = 1;
		else if (option == 'i')
			interface = optarg;
		else
			return 64;
	}
	if (!interface && optind >= count) {
		fprintf(stderr, "usage: floor [-m] [-p] FILE | floor [-p] -i NAME\n");
		return 64;
	}
	int status = mapped ? read_mapping(arguments[optind]) : read_libpcap(interface, arguments[optind]);
	printf("packets=%lu requests=%lu responses=%lu\n", packets, requests, responses);
	return status;
}
