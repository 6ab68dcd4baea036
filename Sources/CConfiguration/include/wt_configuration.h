/* SPDX-License-Identifier: Apache-2.0 */
// The settings of a TOML document as a list, read by toml++.
#ifndef WT_CONFIGURATION_H
#define WT_CONFIGURATION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum wt_value_kind {
	// Text, or a number as it would be typed.
	WT_VALUE_TEXT,
	WT_VALUE_TRUE,
	WT_VALUE_FALSE,
	// What no option takes: a date, or something within a list or a table of a table.
	WT_VALUE_OTHER,
};

struct wt_value {
	enum wt_value_kind kind;
	// Its bytes, without an end; empty for all kinds but text.
	const char *text;
	size_t length;
};

struct wt_setting {
	// The name of the table it stands in, and its own; without ends.
	const char *table;
	size_t table_length;
	const char *name;
	size_t name_length;
	// Where it stands, from 1.
	uint32_t line;
	// Whether its values were written as a list, which may be empty.
	int is_list;
	const struct wt_value *values;
	size_t value_count;
};

// A document that was read. Everything it points to is its own.
struct wt_configuration {
	const struct wt_setting *settings;
	size_t setting_count;
	// What is wrong with the document, as text with an end; NULL where nothing is.
	const char *fault;
	uint32_t fault_line;
};

// Reads a document; NULL only where memory is short. To be freed by wt_configuration_free.
struct wt_configuration *wt_configuration_read(const char *bytes, size_t length);
void wt_configuration_free(struct wt_configuration *configuration);

#ifdef __cplusplus
}
#endif
#endif
