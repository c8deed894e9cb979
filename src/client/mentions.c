#include "client/mentions.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static str lower(struct arena *a, str s)
{
	char *p = arena_cstr(a, s);

	for (size_t i = 0; i < s.len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return str_of(p, s.len);
}

static bool is_in(const struct strs *list, str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->items[i], name))
			return true;
	return false;
}

struct strs mentions_of(struct arena *a, str text)
{
	struct strs found = { .items = NEW_ARRAY(a, str, MENTIONS_MAX) };

	for (size_t i = 0; i < text.len && found.n < MENTIONS_MAX; i++) {
		size_t end = i + 1;
		str name;

		if (text.ptr[i] != '@' || (i && is_word(text.ptr[i - 1])))
			continue;
		while (end < text.len && is_word(text.ptr[end]))
			end++;
		name = str_of(text.ptr + i + 1, end - i - 1);
		if (!name.len || name.len > MENTION_BYTES_MAX)
			continue;
		name = lower(a, name);
		if (!is_in(&found, name))
			found.items[found.n++] = name;
	}
	found.present = found.n > 0;
	return found;
}
