// SPDX-License-Identifier: Apache-2.0
// Preloaded: a wall clock that is set, for one process. CLOCK_REALTIME and the kernel's time stamps of
// packets, which are taken from it, move by what a shared file says; no other clock does.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const int64_t wt_second = 1000000000;

// Written by case_time.py; in nanoseconds.
struct wt_settings {
	_Atomic int64_t count;
	struct {
		int64_t since; // by the clock as it really is
		int64_t shift;
	} set[15];
};

static const struct wt_settings *wt_settings;
static int (*wt_clock_gettime)(clockid_t, struct timespec *);
static int (*wt_pcap_next_ex)(pcap_t *, struct pcap_pkthdr **, const u_char **);

// Mapped at the start: later the process may open nothing.
__attribute__((constructor)) static void wt_open(void)
{
	const char *path = getenv("SET_CLOCK");
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *mapped =
	    file < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct wt_settings), PROT_READ, MAP_SHARED, file, 0);

	if (mapped == MAP_FAILED)
		abort();
	close(file);
	wt_settings = mapped;
	wt_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	wt_pcap_next_ex = dlsym(RTLD_NEXT, "pcap_next_ex");
}

static int64_t wt_shown(int64_t time)
{
	int64_t count = wt_settings ? atomic_load(&wt_settings->count) : 0;

	while (count-- > 0)
		if (wt_settings->set[count].since <= time)
			return time + wt_settings->set[count].shift;
	return time;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	// Another library's constructor may come first.
	if (!wt_clock_gettime)
		wt_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	int result = wt_clock_gettime(clock, time);

	if (result == 0 && clock == CLOCK_REALTIME) {
		int64_t shown = wt_shown(time->tv_sec * wt_second + time->tv_nsec);

		time->tv_sec = shown / wt_second;
		time->tv_nsec = shown % wt_second;
	}
	return result;
}

// The time stamp of a packet that came before the clock was set is of the old time, whenever it is read.
int pcap_next_ex(pcap_t *handle, struct pcap_pkthdr **header, const u_char **bytes)
{
	int result = wt_pcap_next_ex(handle, header, bytes);

	if (result == 1) {
		static struct pcap_pkthdr copy;
		int64_t unit = pcap_get_tstamp_precision(handle) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
		int64_t shown = wt_shown((*header)->ts.tv_sec * wt_second + (*header)->ts.tv_usec * unit);

		copy = **header;
		copy.ts.tv_sec = shown / wt_second;
		copy.ts.tv_usec = shown % wt_second / unit;
		*header = &copy;
	}
	return result;
}
