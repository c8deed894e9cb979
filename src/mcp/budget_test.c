/*
 * budget_test.c - what an agent pays before the first message: everything that a client reads
 * at its start, taking four characters for a token.
 */
#include "mcp/test_mcp.h"

enum { TOKENS_MAX = 500, CHARACTERS_PER_TOKEN = 4 };

static size_t start(struct arena *a, bool tools)
{
	struct table *t = table_new(a, tools);
	size_t n = 0;

	table_greet(t, "2025-11-25");
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"));
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"prompts/list\"}"));
	table_answer(t, "/v1/skills", 200, "{\"skills\":[]}");
	mcp_take(t->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"resources/list\"}"));
	table_answer(t, "/v1/skills", 200, "{\"skills\":[]}");
	for (size_t i = 0; i < t->n_out; i++)
		n += t->out[i].len;
	assert_int_equal(t->n_out, 4);
	return n;
}

TEST(B10_the_start_costs_less_than_500_tokens)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	size_t off = start(a, false), on = start(a, true);

	print_message("start-up text: %zu characters, with tools %zu\n", off, on);
	assert_true(off < TOKENS_MAX * CHARACTERS_PER_TOKEN);
	assert_true(on > off);
}

TEST_MAIN("mcp/budget")
