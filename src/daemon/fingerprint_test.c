#include "daemon/fingerprint.h"

#include "base/test.h"

/* client.md 7.2, the form of the reference's code. */
static const struct {
	const char *to, *reply_to, *priority, *meta, *body, *want;
} vectors[] = {
	{ "alice", "", "next", NULL, "hello",
	  "dc13f9d139b04e9886a09444fa269f46468843858070b13afee7889305c2aa09" },
	{ "alice", "", "", NULL, "hello",
	  "dc13f9d139b04e9886a09444fa269f46468843858070b13afee7889305c2aa09" },
	{ "  alice\n", "", "next", "null", "hello",
	  "dc13f9d139b04e9886a09444fa269f46468843858070b13afee7889305c2aa09" },
	{ "*", "", "now", "{\"z\":1,\"a\":2}", "h\xc3\xa9llo",
	  "c848b33dfd7c4fc77817fbbef00fd1952e2f27a498c22675991842aec6de3756" },
	{ "@ops", "bm-1", "low", "{ }", "x",
	  "e7620498fba7b76f3d7b8711a30e7e0bdb2a0c59c31da281bd88e0f5640d437c" },
};

static str print_of(struct arena *a, const char *to, const char *reply_to, const char *priority,
		    const char *meta, const char *body)
{
	const struct json *tree = NULL;
	str print;

	if (meta)
		assert_ok(json_parse(a, str_from(meta), &tree));
	assert_ok(fingerprint_of(a, str_from(to), str_from(reply_to), str_from(priority), tree,
				 str_from(body), &print, NULL));
	return print;
}

TEST(the_reference_daemon_makes_the_same)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_str(print_of(a, vectors[i].to, vectors[i].reply_to, vectors[i].priority,
				    vectors[i].meta, vectors[i].body),
			   str_from(vectors[i].want));
}

/* Each differs from the first in one part. */
static const struct {
	const char *to, *reply_to, *priority, *meta, *body;
} others[] = {
	{ "bob", "", "next", "{\"a\":1}", "hi" },  { "bob2", "", "next", "{\"a\":1}", "hi" },
	{ "@bob", "", "next", "{\"a\":1}", "hi" }, { "bob", "r1", "next", "{\"a\":1}", "hi" },
	{ "bob", "", "now", "{\"a\":1}", "hi" },   { "bob", "", "next", "{\"a\":2}", "hi" },
	{ "bob", "", "next", NULL, "hi" },         { "bob", "", "next", "{}", "hi" },
	{ "bob", "", "next", "{\"a\":1}", "hi " }, { "#bob", "", "next", "{\"a\":1}", "hi" },
};

TEST(every_part_counts)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str prints[ARRAY_LEN(others)];

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		prints[i] = print_of(a, others[i].to, others[i].reply_to, others[i].priority,
				     others[i].meta, others[i].body);
		for (size_t j = 0; j < i; j++)
			assert_false(str_eq(prints[i], prints[j]));
	}
}

TEST(the_meta_is_canonical_with_integer_keys_first)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct json *tree;
	str print, meta;

	assert_ok(json_parse(a, S("{\"b\": 1, \"10\": 1, \"9\": [ 2 ]}"), &tree));
	assert_ok(fingerprint_of(a, S("x"), STR_NONE, STR_NONE, tree, S("x"), &print, &meta));
	assert_str(meta, S("{\"9\":[2],\"10\":1,\"b\":1}"));
	assert_ok(fingerprint_of(a, S("x"), STR_NONE, STR_NONE, NULL, S("x"), &print, &meta));
	assert_true(str_empty(meta));
}

TEST_MAIN("daemon/fingerprint")
