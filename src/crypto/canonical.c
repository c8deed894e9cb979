#include "crypto/canonical.h"

/* By memcpy and not by printf, which would end a part at a NUL. */
str canonical_join_any(struct arena *a, const struct canonical_part *parts, size_t n)
{
	size_t len = 0, at = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		len += parts[i].value.len + 1;
	p = arena_alloc(a, len);
	for (size_t i = 0; i < n; i++) {
		str value = parts[i].value;

		if (i > 0)
			p[at++] = '|';
		if (value.len)
			memcpy(p + at, value.ptr, value.len);
		at += value.len;
	}
	return str_of(p, at);
}

struct err *canonical_join(struct arena *a, const struct canonical_part *parts, size_t n,
			   str *ret_text)
{
	for (size_t i = 0; i < n; i++)
		if (str_index(parts[i].value, '|') >= 0)
			return FAIL(a, BAD_REQUEST, "field '%s' contains '|'",
				    parts[i].name ? parts[i].name : "");
	*ret_text = canonical_join_any(a, parts, n);
	return NULL;
}

str canonical_i64(struct arena *a, i64 value)
{
	return arena_printf(a, "%lld", (long long)value);
}
