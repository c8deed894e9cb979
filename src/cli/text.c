#include "cli/text.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"

static void add_escaped(struct buf *b, u32 code_point)
{
	buf_printf(b, "\\u{%x}", code_point);
}

void text_add_line(struct buf *b, str s)
{
	while (s.len) {
		u32 code_point;
		str bytes;

		if (!utf8_take(&s, &code_point, &bytes))
			buf_add(b, S(UTF8_MARK));
		else if (utf8_is_unsafe(code_point))
			add_escaped(b, code_point);
		else
			buf_add(b, bytes);
	}
}

void text_add_block(struct buf *b, str s, size_t indent)
{
	bool first = true;
	str line;

	if (str_ends(s, S("\n")))
		s.len--;
	while (str_cut(&s, '\n', &line)) {
		str cell;
		bool first_cell = true;

		if (!first) {
			buf_add_byte(b, '\n');
			for (size_t i = 0; i < indent; i++)
				buf_add_byte(b, ' ');
		}
		first = false;
		if (str_ends(line, S("\r")))
			line.len--;
		while (str_cut(&line, '\t', &cell)) {
			if (!first_cell)
				buf_add_byte(b, '\t');
			first_cell = false;
			text_add_line(b, cell);
		}
	}
}

void text_add_json(struct buf *b, str json)
{
	while (json.len) {
		u32 c;
		str bytes;
		bool good = utf8_take(&json, &c, &bytes);

		if (!good)
			buf_add(b, S("\\ufffd"));
		else if (c < 0x7f || !utf8_is_unsafe(c))
			buf_add(b, bytes);
		else if (c < 0x10000)
			buf_printf(b, "\\u%04x", c);
		else
			buf_printf(b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
				   0xdc00 + ((c - 0x10000) & 0x3ff));
	}
}

static unsigned columns_of(u32 c)
{
	static const struct {
		u32 from, to;
		unsigned columns;
	} ranges[] = {
		{ 0x300, 0x36f, 0 },      /* combining marks */
		{ 0x200c, 0x200d, 0 },    /* joiners */
		{ 0xfe00, 0xfe0f, 0 },    /* variation selectors */
		{ 0x1100, 0x115f, 2 },    /* Hangul */
		{ 0x2e80, 0xa4cf, 2 },    /* CJK, kana, Yi */
		{ 0xac00, 0xd7a3, 2 },    /* Hangul syllables */
		{ 0xf900, 0xfaff, 2 },    /* CJK compatibility */
		{ 0xfe30, 0xfe6f, 2 },    { 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 },
		{ 0x1f300, 0x1faff, 2 },  /* emoji */
		{ 0x20000, 0x3fffd, 2 },  /* more CJK */
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return ranges[i].columns;
	return 1;
}

str text_cut_columns(str s, size_t columns)
{
	str rest = s;

	while (rest.len) {
		str before = rest, bytes;
		unsigned wide;
		u32 c;

		utf8_take(&rest, &c, &bytes);
		wide = columns_of(c);
		if (wide > columns)
			return str_of(s.ptr, (size_t)(before.ptr - s.ptr));
		columns -= wide;
	}
	return s;
}

size_t text_columns(str s)
{
	size_t n = 0;

	while (s.len) {
		str bytes;
		u32 c;

		utf8_take(&s, &c, &bytes);
		n += columns_of(c);
	}
	return n;
}

str text_cut(str s, size_t n)
{
	size_t seen = 0;

	for (size_t i = 0; i < s.len; i++)
		if (((u8)s.ptr[i] & 0xc0) != 0x80 && seen++ == n)
			return str_of(s.ptr, i);
	return s;
}

str text_shell_word(struct arena *a, str word)
{
	struct buf b = buf_make(4 * word.len + 3);
	bool plain = word.len > 0;
	str out;

	for (size_t i = 0; i < word.len; i++)
		plain = plain && (isalnum((unsigned char)word.ptr[i]) || memchr("_-./:=@%+,", word.ptr[i], 10));
	if (plain)
		return word;
	buf_add_byte(&b, '\'');
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] == '\'')
			buf_add(&b, S("'\\''"));
		else
			buf_add_byte(&b, word.ptr[i]);
	}
	buf_add_byte(&b, '\'');
	out = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return out;
}
