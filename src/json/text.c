#include "json/text.h"

str text_quotable(struct arena *a, str s, size_t max)
{
	size_t n = MIN(s.len, max);
	char *p;

	while (n < s.len && n > 0 && ((u8)s.ptr[n] & 0xc0) == 0x80)
		n--;
	p = arena_cstr(a, str_of(s.ptr, n));
	for (size_t i = 0; i < n; i++) {
		/* U+0080 to U+009F are control characters, too: terminals obey them. */
		bool two = (u8)p[i] == 0xc2 && i + 1 < n && (u8)p[i + 1] >= 0x80 && (u8)p[i + 1] <= 0x9f;

		if ((u8)p[i] < 0x20 || p[i] == 0x7f || two)
			p[i] = '?';
		if (two)
			p[++i] = '?';
	}
	return n < s.len ? arena_printf(a, "%.*s...", (int)n, p) : str_of(p, n);
}
