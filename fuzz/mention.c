/*
 * mention.c - fuzz target of engine/mention.h. Each name found stands in the text behind an '@'
 * with nothing of a name around it, once, and is compared as it was found.
 */
#include "engine/mention.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool stands_in(str text, str name)
{
	for (size_t i = 0; i + 1 + name.len <= text.len; i++)
		if (text.ptr[i] == '@' && str_eq_nocase(str_of(text.ptr + i + 1, name.len), name))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str text = str_of(data, size), names[MENTIONS_MAX];
	size_t n = mentions_in(a, text, names);

	require(n <= MENTIONS_MAX);
	for (size_t i = 0; i < n; i++) {
		require(names[i].len > 0 && names[i].len <= MENTION_BYTES_MAX);
		require(stands_in(text, names[i]));
		require(str_eq(mention_name(a, names[i]), names[i]));
		for (size_t k = 0; k < i; k++)
			require(!str_eq(names[i], names[k]));
	}
	(void)mention_name(a, text);
	arena_free(a);
	return 0;
}
