#include "base/roff.h"

enum { LINE_BYTES = 72 };

/* Does a sentence end with this word? mdoc wants the next one on a line of its own. */
static bool ends_sentence(str word)
{
	return str_ends(word, S(".")) || str_ends(word, S(".)")) || str_ends(word, S("!")) ||
	       str_ends(word, S("?"));
}

void roff_word(struct buf *b, str word)
{
	for (size_t i = 0; i < word.len;) {
		u8 c = (u8)word.ptr[i];
		u32 code = c;
		size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

		if (n > 1) {
			code = c & (0xffu >> (n + 1));
			for (size_t k = 1; k < n && i + k < word.len; k++)
				code = code << 6 | ((u8)word.ptr[i + k] & 0x3fu);
			buf_printf(b, "\\[u%04X]", code);
		} else if (c == '\\') {
			buf_add(b, S("\\e"));
		} else if (c == '-') {
			buf_add(b, S("\\-"));
		} else if (c == '~') {
			buf_add(b, S("\\(ti"));
		} else if (c == '\'') {
			buf_add(b, S("\\(aq"));
		} else {
			buf_add_byte(b, (char)c);
		}
		i += n;
	}
}

void roff_text(struct buf *b, str text)
{
	size_t column = 0;
	str word;

	while (text.ptr && text.len) {
		size_t n = 0;

		while (n < text.len && text.ptr[n] != ' ' && text.ptr[n] != '\n')
			n++;
		word = str_of(text.ptr, n);
		text = str_skip(text, MIN(n + 1, text.len));
		if (!n)
			continue;
		if (column && column + 1 + n > LINE_BYTES) {
			buf_add_byte(b, '\n');
			column = 0;
		}
		if (column)
			buf_add_byte(b, ' ');
		else if (word.ptr[0] == '.')
			buf_add(b, S("\\&"));
		roff_word(b, word);
		column += n + (column > 0);
		if (ends_sentence(word)) {
			buf_add_byte(b, '\n');
			column = 0;
		}
	}
	if (column)
		buf_add_byte(b, '\n');
}
