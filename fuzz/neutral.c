/* Words of peers: what an agent reads is UTF-8, hides nothing, and needs no second cleaning, so
 * no beginning of a tag or of a line of ours is left. */
#include <stdlib.h>

#include "base/utf8.h"
#include "mcp/neutral.h"

enum { TEXT_MAX = 1 << 16, OUT_MAX = 1 << 20, LINE_MAX_BYTES = 64 };

static void check_line(str text, void (*add)(struct buf *b, str text, size_t max), bool quotes)
{
	struct buf b = buf_make(OUT_MAX);

	add(&b, text, LINE_MAX_BYTES);
	if (!str_is_utf8(buf_str(&b)) || b.len > LINE_MAX_BYTES)
		abort();
	for (size_t i = 0; i < b.len; i++)
		if (b.ptr[i] == '\n' || b.ptr[i] == '<' || b.ptr[i] == '[' || (quotes && b.ptr[i] == '"'))
			abort();
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = buf_make(OUT_MAX), twice = buf_make(OUT_MAX);
	str in = str_of(data, MIN(size, (size_t)TEXT_MAX)), out, rest, bytes;
	u32 c;

	neutral_add_text(&once, in, TEXT_MAX);
	out = rest = buf_str(&once);
	while (rest.len)
		if (!utf8_take(&rest, &c, &bytes) || (utf8_is_unsafe(c) && c != '\n' && c != '\t' && c != '\r'))
			abort();
	neutral_add_text(&twice, out, OUT_MAX);
	if (!str_eq(out, buf_str(&twice)))
		abort();
	check_line(in, neutral_add_line, false);
	check_line(in, neutral_add_value, true);
	buf_done(&once);
	buf_done(&twice);
	return 0;
}
