/* SPDX-License-Identifier: Apache-2.0 */
// Regular expressions of RE2, which is C++.
#ifndef WT_EXPRESSIONS_H
#define WT_EXPRESSIONS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wt_expression;

// Compiles an expression; NULL where it is none, with what is wrong as text with an end in `fault`, of `room`
// bytes. To be freed by wt_expression_free.
struct wt_expression *wt_expression_make(const char *text, size_t length, int ignores_case, char *fault,
					 size_t room);
// Whether a part of the text matches, in time that grows with its length alone. Any thread may call it.
int wt_expression_matches(const struct wt_expression *expression, const char *text, size_t length);
void wt_expression_free(struct wt_expression *expression);

#ifdef __cplusplus
}
#endif
#endif
