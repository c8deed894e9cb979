#include "engine/slug.h"

#include "proto/limits.h"

static bool is_slug_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool slug_is_valid(str s)
{
	if (s.len < 2 || s.len > SLUG_BYTES_MAX || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_slug_char(s.ptr[i]) && !(s.ptr[i] == '-' && s.ptr[i - 1] != '-'))
			return false;
	return true;
}

struct err *slug_check(struct arena *a, str slug)
{
	if (slug_is_valid(slug))
		return NULL;
	return err_word(FAIL(a, BAD_REQUEST, "slug: 2 to %d of a-z, 0-9 and single '-' between them", SLUG_BYTES_MAX),
			S("invalid_slug"));
}

str slug_from_name(struct arena *a, str name)
{
	char *p = arena_alloc(a, SLUG_BYTES_MAX + 8);
	size_t n = 0;

	for (size_t i = 0; i < name.len && n < SLUG_BYTES_MAX - 4; i++) {
		char c = name.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 'a' - 'A');
		if (is_slug_char(c))
			p[n++] = c;
		else if (n && p[n - 1] != '-')
			p[n++] = '-';
	}
	while (n && p[n - 1] == '-')
		n--;
	if (n < 2)
		return n ? arena_printf(a, "mesh-%c", p[0]) : S("mesh");
	return str_of(p, n);
}
