#include "json/text.h"

str text_quotable(struct arena *a, str s, size_t max)
{
	size_t n = MIN(s.len, max);
	char *p;

	while (n < s.len && n > 0 && ((u8)s.ptr[n] & 0xc0) == 0x80)
		n--;
	p = arena_cstr(a, str_of(s.ptr, n));
	for (size_t i = 0; i < n; i++)
		if ((u8)p[i] < 0x20 || p[i] == 0x7f)
			p[i] = '?';
	return n < s.len ? arena_printf(a, "%.*s...", (int)n, p) : str_of(p, n);
}
