/* Server-Sent Events: however the bytes are cut, the same events come out. */
#include <stdlib.h>

#include "client/sse.h"

enum { EVENT_MAX = 256 };

static u64 mix(u64 h, str s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (u8)s.ptr[i]) * 1099511628211u;
	return (h ^ s.len) * 1099511628211u;
}

static u64 digest(str in, size_t piece)
{
	struct sse s;
	struct sse_event ev;
	u64 h = 14695981039346656037u;

	sse_init(&s, EVENT_MAX);
	while (in.len) {
		str part = str_of(in.ptr, MIN(piece, in.len));

		in = str_skip(in, part.len);
		while (sse_next(&s, &part, &ev))
			h = mix(mix(mix(h, ev.id), ev.event), ev.data);
		if (part.len)
			abort();
	}
	sse_done(&s);
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str in = str_of(data, size);
	u64 whole = digest(in, size ? size : 1);

	for (size_t piece = 1; piece < 8; piece++)
		if (digest(in, piece) != whole)
			abort();
	return 0;
}
