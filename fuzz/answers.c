/*
 * answers.c - fuzz target of client/api.h: whatever a broker answers to an HTTP call.
 *
 * Input: which call, its status, the body. What is refused is told in one printable sentence of
 * bounded length; what is accepted has the members that the call promises.
 */
#include "client/api.h"

#include "proto/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS = API_JOIN + 1, TEXT_MAX = 2000, WORD_MAX = 200 };

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_refusal(const struct err *e)
{
	require(e->text.len && e->text.len <= TEXT_MAX && str_is_utf8(e->text));
	require(e->word.len <= WORD_MAX && str_is_utf8(e->word));
	for (size_t i = 0; i < e->text.len; i++) {
		require((u8)e->text.ptr[i] >= 0x20 && e->text.ptr[i] != 0x7f);
		require((u8)e->text.ptr[i] != 0xc2 || (u8)e->text.ptr[i + 1] >= 0xa0);
	}
}

static struct err *answer(struct arena *a, enum api_call call, int status, str body)
{
	union {
		struct mesh_created_args created;
		struct invite_created_args invited;
		struct invite_code_args looked_up;
		struct claimed_args claimed;
		struct joined_args joined;
	} args = { 0 };
	struct err *e = api_answer(a, call, status, body, &args);

	if (e)
		return e;
	require(status == 200);
	if (call == API_MESH_CREATE)
		require(args.created.id.len && args.created.slug.len);
	if (call == API_JOIN)
		require(args.joined.memberId.len > 0);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 400, 401, 403, 404, 409, 410, 413, 429, 500, 501, 503, 201, 302 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err *e;

	if (size < 2)
		return 0;
	e = answer(a, (enum api_call)(data[0] % CALLS), statuses[data[1] % ARRAY_LEN(statuses)],
		   str_of(data + 2, size - 2));
	if (e)
		check_refusal(e);
	return 0;
}
