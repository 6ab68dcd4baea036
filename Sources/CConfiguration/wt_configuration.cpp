/* SPDX-License-Identifier: Apache-2.0 */
// Calls toml++, a C++ library of headers alone, and lists what it found for Swift.
#include "wt_configuration.h"

#include <charconv>
#include <deque>
#include <exception>
#include <new>
#include <string>
#include <vector>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace
{

// A document and all that its list points to. Deques: what is added never moves what is there.
struct Document : wt_configuration {
	std::vector<wt_setting> kept;
	std::deque<std::vector<wt_value>> values;
	std::deque<std::string> texts;

	Document() : wt_configuration{}
	{
	}

	const std::string &keep(std::string text)
	{
		texts.push_back(std::move(text));
		return texts.back();
	}
};

// The shortest text that stands for the number.
std::string typed(double number)
{
	char text[32];
	auto [end, error] = std::to_chars(text, text + sizeof text, number);
	return error == std::errc{} ? std::string(text, end) : std::string();
}

wt_value value(Document &document, const toml::node &node)
{
	std::string text;
	if (const auto *string = node.as_string()) {
		text = string->get();
	} else if (const auto *integer = node.as_integer()) {
		text = std::to_string(integer->get());
	} else if (const auto *number = node.as_floating_point()) {
		text = typed(number->get());
	} else if (const auto *flag = node.as_boolean()) {
		return {flag->get() ? WT_VALUE_TRUE : WT_VALUE_FALSE, "", 0};
	} else {
		return {WT_VALUE_OTHER, "", 0};
	}
	const std::string &kept = document.keep(std::move(text));
	return {WT_VALUE_TEXT, kept.data(), kept.size()};
}

void add(Document &document, const std::string &table, const toml::key &key, const toml::node &node)
{
	const std::string &name = document.keep(std::string(key.str()));
	std::vector<wt_value> &values = document.values.emplace_back();
	const toml::array *list = node.as_array();
	if (list != nullptr) {
		for (const toml::node &element : *list)
			values.push_back(value(document, element));
	} else {
		values.push_back(value(document, node));
	}
	document.kept.push_back({table.data(), table.size(), name.data(), name.size(),
				 key.source().begin.line, list != nullptr, values.data(), values.size()});
}

void read(Document &document, std::string_view text)
{
	toml::parse_result result = toml::parse(text);
	if (!result) {
		document.fault = document.keep(std::string(result.error().description())).c_str();
		document.fault_line = result.error().source().begin.line;
		return;
	}
	const std::string &root = document.keep("");
	for (const auto &[key, node] : result.table()) {
		const toml::table *table = node.as_table();
		if (table == nullptr) {
			add(document, root, key, node);
			continue;
		}
		const std::string &name = document.keep(std::string(key.str()));
		for (const auto &[inner, element] : *table)
			add(document, name, inner, element);
	}
	document.settings = document.kept.data();
	document.setting_count = document.kept.size();
}

} // namespace

wt_configuration *wt_configuration_read(const char *bytes, size_t length)
{
	// What is thrown must not pass through Swift, which knows no exceptions.
	try {
		auto *document = new Document;
		read(*document, std::string_view(bytes, length));
		return document;
	} catch (const std::exception &) {
		return nullptr;
	}
}

void wt_configuration_free(wt_configuration *configuration)
{
	delete static_cast<Document *>(configuration);
}
