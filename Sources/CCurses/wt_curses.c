/* SPDX-License-Identifier: Apache-2.0 */
#include "wt_curses.h"

WINDOW *wt_curses_window(void)
{
	return stdscr;
}

int wt_curses_window_size(int descriptor, int *high, int *wide)
{
	struct winsize size = {0};

	if (ioctl(descriptor, TIOCGWINSZ, &size) != 0)
		return -1;
	*high = size.ws_row;
	*wide = size.ws_col;
	return 0;
}

void wt_curses_escape_delay(int milliseconds)
{
	set_escdelay(milliseconds);
}

int wt_curses_colors(void)
{
	return COLORS;
}

const char *wt_curses_capability(const char *name)
{
	/* The declaration lacks a const; the name is only read. */
	const char *value = tigetstr((char *)name);

	return value == (const char *)-1 ? NULL : value;
}

int wt_curses_mouse(int *line, int *place)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return -1;
	*line = event.y;
	*place = event.x;
	if (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))
		return 0;
	if (event.bstate & BUTTON4_PRESSED)
		return 1;
	if (event.bstate & BUTTON5_PRESSED)
		return 2;
	return -1;
}

void wt_curses_mouse_on(int on)
{
	mousemask(on ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
	/* A press counts when it comes: waiting for a second click would make every key late. */
	mouseinterval(0);
}
