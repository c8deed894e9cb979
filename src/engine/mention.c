#include "engine/mention.h"

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

str mention_name(struct arena *a, str given)
{
	char *p;

	if (str_starts(given, S("@")))
		given = str_skip(given, 1);
	p = arena_alloc(a, given.len + 1);
	for (size_t i = 0; i < given.len; i++)
		p[i] = given.ptr[i] >= 'A' && given.ptr[i] <= 'Z' ? (char)(given.ptr[i] + 'a' - 'A') : given.ptr[i];
	return str_of(p, given.len);
}

static bool has(const str *names, size_t n, str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

size_t mentions_in(struct arena *a, str text, str ret_names[MENTIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < text.len && n < MENTIONS_MAX; i++) {
		size_t end = i + 1;
		str name;

		if (text.ptr[i] != '@' || (i && is_name_char(text.ptr[i - 1])))
			continue;
		while (end < text.len && is_name_char(text.ptr[end]))
			end++;
		if (end == i + 1 || end - i - 1 > MENTION_BYTES_MAX)
			continue;
		name = mention_name(a, str_of(text.ptr + i + 1, end - i - 1));
		if (!has(ret_names, n, name))
			ret_names[n++] = name;
	}
	return n;
}
