/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "wt_rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* Signals of a crash. The run-time may have handlers of its own for them, which run after ours. */
static const int wt_crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGQUIT};
enum { WT_CRASHES = sizeof wt_crashes / sizeof wt_crashes[0], WT_TEXT = 512 };

/* Written before the handlers are installed and the child is started, read-only after that. */
static struct sigaction wt_before[WT_CRASHES];
static struct termios wt_mode;
static char wt_text[WT_TEXT];
static size_t wt_length;
static int wt_terminal = -1;
static pid_t wt_child = -1;
static int wt_pipe = -1;

static void wt_restore(void)
{
	/* Nobody is left to hear of a failure. */
	ssize_t ignored = write(wt_terminal, wt_text, wt_length);

	(void)ignored;
	tcsetattr(wt_terminal, TCSANOW, &wt_mode);
}

static void wt_crashed(int number, siginfo_t *info, void *context)
{
	int error = errno;

	(void)context;
	wt_restore();
	for (int i = 0; i < WT_CRASHES; i++)
		if (wt_crashes[i] == number)
			sigaction(number, &wt_before[i], NULL);
	errno = error;
	/* A fault comes again at the same place when this returns, and meets who was there before: a
	 * backtrace then shows that place. A trap or a signal that was sent does not come again. */
	if (info->si_code > 0 &&
	    (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE))
		return;
	raise(number);
	/* The handler before may have been content with looking at it. */
	signal(number, SIG_DFL);
	raise(number);
}

/* The child: the pipe ends when the parent does, whatever ended it; a byte before that means all is well. */
static void wt_watch(int reading)
{
	static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGTTIN, SIGPIPE};
	char byte;
	ssize_t got;

	for (size_t i = 0; i < sizeof deaf / sizeof deaf[0]; i++)
		signal(deaf[i], SIG_IGN);
	for (int i = 0; i < WT_CRASHES; i++)
		signal(wt_crashes[i], SIG_DFL);
	/* The terminal and the pipe become 0 and 1; sockets, rings and files must not live on in here. */
	if (dup2(wt_terminal, 0) < 0 || dup2(reading, 1) < 0)
		_exit(1);
	wt_terminal = 0;
#ifdef __linux__
	prctl(PR_SET_NAME, "wiretally-tty");
	if (syscall(SYS_close_range, 2u, ~0u, 0u) != 0)
#endif
		for (int descriptor = 2; descriptor < 1024; descriptor++)
			close(descriptor);
	do
		got = read(1, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		wt_restore();
	_exit(0);
}

static void wt_start_child(void)
{
	int ends[2];

#ifdef __linux__
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
#else
	if (pipe(ends) != 0)
		return;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
	wt_child = fork();
	if (wt_child == 0) {
		close(ends[1]);
		wt_watch(ends[0]);
	}
	close(ends[0]);
	if (wt_child < 0)
		close(ends[1]);
	else
		wt_pipe = ends[1];
}

int wt_rescue_begin(int terminal, const struct termios *mode, const char *text, size_t length)
{
	struct sigaction action = {.sa_sigaction = wt_crashed, .sa_flags = SA_SIGINFO | SA_NODEFER};

	wt_terminal = terminal;
	wt_mode = *mode;
	wt_length = length < WT_TEXT ? length : WT_TEXT;
	memcpy(wt_text, text, wt_length);
	wt_start_child();
	sigset_t crashes;

	sigemptyset(&crashes);
	for (int i = 0; i < WT_CRASHES; i++) {
		sigaction(wt_crashes[i], &action, &wt_before[i]);
		sigaddset(&crashes, wt_crashes[i]);
	}
	/* The parent process may have left them blocked. */
	pthread_sigmask(SIG_UNBLOCK, &crashes, NULL);
	return wt_child > 0 ? 0 : -1;
}

void wt_rescue_end(void)
{
	if (wt_terminal < 0)
		return;
	for (int i = 0; i < WT_CRASHES; i++)
		sigaction(wt_crashes[i], &wt_before[i], NULL);
	if (wt_child > 0) {
		ssize_t ignored = write(wt_pipe, "q", 1);

		(void)ignored;
		close(wt_pipe);
		while (waitpid(wt_child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	wt_child = wt_pipe = wt_terminal = -1;
}
