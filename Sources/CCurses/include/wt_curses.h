/* SPDX-License-Identifier: Apache-2.0 */
/* ncurses with wide characters for Swift: its header, and a shim for what Swift cannot say. */
#ifndef WT_CURSES_H
#define WT_CURSES_H

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>

/* stdscr is a variable that anybody may write, which Swift 6 refuses to read. */
WINDOW *wt_curses_window(void);

/* ioctl is variadic: the window's size as the kernel has it. Returns 0, and 0 for an unknown size. */
int wt_curses_window_size(int descriptor, int *high, int *wide);

/* ESCDELAY and COLORS are variables that anybody may write. */
void wt_curses_escape_delay(int milliseconds);
int wt_curses_colors(void);

/* A capability that is a string, NULL when the terminal has none: tigetstr says (char *)-1 as well. */
const char *wt_curses_capability(const char *name);

/* getmouse(3) fills a structure whose button masks are macros. Returns 0 for a press of the left button, 1
 * for the wheel up, 2 for the wheel down, -1 for anything else. */
int wt_curses_mouse(int *line, int *place);

/* mousemask(3) takes masks that are macros: the left button and the wheel, or nothing. */
void wt_curses_mouse_on(int on);

/* Macros that Swift does not import. */
enum wt_curses_attribute {
	WT_CURSES_BOLD = A_BOLD,
	WT_CURSES_DIM = A_DIM,
	WT_CURSES_REVERSE = A_REVERSE,
	WT_CURSES_UNDERLINE = A_UNDERLINE,
};

#endif
