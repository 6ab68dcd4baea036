/* SPDX-License-Identifier: Apache-2.0 */
// Calls RE2: an automaton, whose time no expression and no text makes more than linear.
#include "wt_expressions.h"

#include <cstdint>
#include <cstdio>
#include <exception>

#include <re2/re2.h>

struct wt_expression {
	RE2 expression;
};

// Bytes that the automaton may take: what needs more is refused, or matched without its cache.
static const int64_t memory = 1 << 20;

struct wt_expression *wt_expression_make(const char *text, size_t length, int ignores_case, char *fault,
					 size_t room)
try {
	RE2::Options options(RE2::Latin1);
	options.set_case_sensitive(!ignores_case);
	options.set_log_errors(false);
	options.set_never_capture(true);
	options.set_max_mem(memory);
	auto *made = new wt_expression{RE2(re2::StringPiece(text, length), options)};
	if (made->expression.ok())
		return made;
	std::snprintf(fault, room, "%s", made->expression.error().c_str());
	delete made;
	return nullptr;
} catch (const std::exception &error) {
	std::snprintf(fault, room, "%s", error.what());
	return nullptr;
} catch (...) {
	std::snprintf(fault, room, "it cannot be compiled");
	return nullptr;
}

// The caller is no C++: what cannot be matched for want of memory does not match.
int wt_expression_matches(const struct wt_expression *expression, const char *text, size_t length)
try {
	return RE2::PartialMatch(re2::StringPiece(text, length), expression->expression);
} catch (...) {
	return 0;
}

void wt_expression_free(struct wt_expression *expression)
{
	delete expression;
}
