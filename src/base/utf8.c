#include "base/utf8.h"

struct range {
	u32 from, to;
};

static bool is_in(const struct range *ranges, size_t n, u32 c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

bool utf8_take(str *rest, u32 *ret_code_point, str *ret_bytes)
{
	const u8 *p = (const u8 *)rest->ptr;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	bool good = n <= rest->len && str_is_utf8(str_of(p, n));

	if (!good)
		n = 1;
	*ret_bytes = str_of(p, n);
	*rest = str_skip(*rest, n);
	if (!good) {
		*ret_code_point = UTF8_BAD;
		return false;
	}
	*ret_code_point = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*ret_code_point = *ret_code_point << 6 | (p[i] & 0x3fu);
	return true;
}

bool utf8_is_unsafe(u32 c)
{
	static const struct range unsafe[] = {
		{ 0x00, 0x1f },       /* C0: escape sequences start here */
		{ 0x7f, 0x9f },       /* DEL and C1, the one-character forms of the same */
		{ 0x61c, 0x61c },     /* Arabic letter mark */
		{ 0x180e, 0x180e },   /* Mongolian vowel separator */
		{ 0x200b, 0x200b },   /* zero width space; the joiners after it belong to scripts and emoji */
		{ 0x200e, 0x200f },   /* direction marks */
		{ 0x2028, 0x202e },   /* line and paragraph separators, embeddings, overrides */
		{ 0x2060, 0x206f },   /* invisible operators, isolates, deprecated controls */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffb },   /* interlinear annotation */
		{ 0xe0000, 0xe007f }, /* tags: whole sentences that no one sees */
	};

	return is_in(unsafe, ARRAY_LEN(unsafe), c);
}

bool utf8_is_blank(u32 c)
{
	static const struct range blank[] = {
		{ 0x20, 0x20 },       { 0xa0, 0xa0 },
		{ 0xad, 0xad },       /* soft hyphen */
		{ 0x34f, 0x34f },     /* grapheme joiner */
		{ 0x115f, 0x1160 },   /* Hangul fillers */
		{ 0x1680, 0x1680 },   { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },   /* Mongolian selectors */
		{ 0x2000, 0x200f },   /* spaces of many widths, joiners */
		{ 0x202f, 0x202f },   { 0x205f, 0x205f },   { 0x2800, 0x2800 }, { 0x3000, 0x3000 },
		{ 0x3164, 0x3164 },   { 0xffa0, 0xffa0 },
		{ 0xfe00, 0xfe0f },   /* variation selectors */
		{ 0xe0100, 0xe01ef },
	};

	return utf8_is_unsafe(c) || is_in(blank, ARRAY_LEN(blank), c);
}
