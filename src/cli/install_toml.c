#include "cli/install_toml.h"

/* "a . 'b'" as "a.b": what two spellings of a key have in common. */
static str plain_key(struct arena *a, str key)
{
	char *out = arena_cstr(a, key);
	size_t n = 0;

	for (size_t i = 0; i < key.len; i++)
		if (key.ptr[i] != ' ' && key.ptr[i] != '\t' && key.ptr[i] != '"' && key.ptr[i] != '\'')
			out[n++] = key.ptr[i];
	return str_of(out, n);
}

static size_t count(str text, str part)
{
	size_t n = 0;

	for (size_t i = 0; i + part.len <= text.len; i++)
		if (str_eq(str_of(text.ptr + i, part.len), part)) {
			n++;
			i += part.len - 1;
		}
	return n;
}

/* The quotes of a text of several lines that a line opens or closes; none if it does neither. */
static str turned_by(str line, str within)
{
	static const str quotes[] = { S("\"\"\""), S("'''") };

	for (size_t i = 0; i < ARRAY_LEN(quotes); i++)
		if ((str_empty(within) || str_eq(within, quotes[i])) && count(line, quotes[i]) % 2)
			return quotes[i];
	return STR_NONE;
}

static enum toml_place judge(str key, bool is_header, str table, str full)
{
	bool below = str_starts(key, full) && (key.len == full.len || key.ptr[full.len] == '.');

	if (below)
		return TOML_TAKEN;
	return str_eq(key, table) && !is_header ? TOML_CLOSED : TOML_FREE;
}

enum toml_place toml_look(struct arena *a, str text, const char *table, const char *name)
{
	str full = arena_printf(a, "%s.%s", table, name), section = STR_NONE, within = STR_NONE, line;

	while (str_cut(&text, '\n', &line)) {
		bool was_within = !str_empty(within), is_header = str_starts(str_trim(line), S("["));
		str turned = turned_by(line, within), key = str_trim(line), rest = key;
		enum toml_place place;

		if (!str_empty(turned))
			within = was_within ? STR_NONE : turned;
		if (was_within || str_empty(key) || key.ptr[0] == '#' || (!is_header && str_index(key, '=') < 0))
			continue;
		if (is_header) {
			bool is_list = str_starts(key, S("[["));

			rest = str_skip(key, is_list ? 2 : 1);
			str_cut(&rest, ']', &key);
			section = key = plain_key(a, key);
			is_header = !is_list;
		} else {
			str_cut(&rest, '=', &key);
			key = plain_key(a, key);
			if (!str_empty(section))
				key = arena_printf(a, "%.*s.%.*s", STRF(section), STRF(key));
		}
		place = judge(key, is_header, str_from(table), full);
		if (place != TOML_FREE)
			return place;
	}
	return TOML_FREE;
}
