#include "cli/message.h"
#include "base/test.h"

static struct cli make(struct arena *a, bool json)
{
	return (struct cli){
		.arena = a,
		.out = { .buf = buf_make(1 << 16), .json_buf = buf_make(1 << 16), .json = json }
	};
}

static const struct inbound direct = {
	.message_id = { "id1", 3 },
	.from_name = { "alice", 5 },
	.from_pubkey = { "abcdef0123", 10 },
	.from_member_pubkey = { "0123456789", 10 },
	.proven = true,
	.verified = true,
	.body = { "one\ntwo", 7 },
	.readable = true,
	.encrypted = true,
	.priority = { "next", 4 },
	.created_at = { "not a time", 10 },
};

static const struct {
	bool readable, encrypted;
	const char *target, *priority, *says, *not ;
} cases[] = {
	{ true, true, "", "next", "alice (01234567)", "not encrypted" },
	{ true, false, "@dev", "next", "to @dev not encrypted", "cannot be read" },
	{ true, false, "", "next", "not encrypted", "cannot be read" },
	{ false, false, "", "next", "[cannot be read: no key]", "one" },
	{ true, true, "", "now", "(01234567) now", "not encrypted" },
};

TEST(what_is_not_encrypted_or_not_readable_says_so)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct inbound m = direct;

		m.readable = cases[i].readable;
		m.encrypted = cases[i].encrypted;
		m.target = str_from(cases[i].target);
		m.priority = str_from(cases[i].priority);
		m.why = S("no key");
		for (int one_line = 0; one_line < 2; one_line++) {
			struct cli c = make(a, false);

			if (one_line)
				message_print_line(&c, S("demo"), &m);
			else
				message_print(&c, S("demo"), &m);
			assert_true(str_contains(buf_str(&c.out.buf), str_from(cases[i].says)));
			assert_false(str_contains(buf_str(&c.out.buf), str_from(cases[i].not )));
			out_done(&c.out);
		}
	}
}

/* The key shown is the one that is known to have sealed it. */
TEST(who_is_not_proved_to_be_the_sender_is_marked)
{
	static const struct { bool encrypted, proven, verified; const char *says; } rows[] = {
		{ true, true, true, "alice (01234567) [demo]" },
		{ true, true, false, "alice (01234567) unverified [demo]" },
		{ true, false, false, "alice (abcdef01) unverified [demo]" },
		{ false, false, false, "alice (01234567) unverified not encrypted [demo]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct cli c = make(a, false);
		struct inbound m = direct;

		m.encrypted = rows[i].encrypted;
		m.proven = rows[i].proven;
		m.verified = rows[i].verified;
		message_print_line(&c, S("demo"), &m);
		assert_true(str_contains(buf_str(&c.out.buf), str_from(rows[i].says)));
		out_done(&c.out);
	}
}

/* A post is signed, or is nobody's word. */
TEST(a_post_without_a_signature_is_marked)
{
	static const struct { bool proven, verified, encrypted, readable; const char *says, *is_signed; } rows[] = {
		{ true, true, true, true, "alice (01234567) to #ops [demo]", "true" },
		{ true, true, false, true, "alice (01234567) to #ops not encrypted [demo]", "true" },
		{ true, false, true, true, "alice (01234567) unverified to #ops [demo]", "true" },
		{ false, false, true, true, "unsigned to #ops [demo]", "false" },
		{ false, false, false, true, "unsigned to #ops not encrypted [demo]", "false" },
		{ false, false, false, false, "[cannot be read: forged]", "false" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct cli c = make(a, false), json = make(a, true);
		struct inbound m = direct;

		m.topic = S("ops");
		m.target = S("#ops");
		m.proven = rows[i].proven;
		m.verified = rows[i].verified;
		m.encrypted = rows[i].encrypted;
		m.readable = rows[i].readable;
		m.why = S("forged");
		message_print_line(&c, S("demo"), &m);
		if (!str_contains(buf_str(&c.out.buf), str_from(rows[i].says)))
			fail_msg("row %zu: %.*s", i, STRF(buf_str(&c.out.buf)));
		out_json(&json.out);
		message_json_members(&json.out.json_out, S("demo"), &m);
		out_json_end(&json.out);
		assert_true(str_contains(buf_str(&json.out.buf), arena_printf(a, "\"signed\":%s", rows[i].is_signed)) ||
			    str_contains(buf_str(&json.out.buf), arena_printf(a, "\"signed\": %s", rows[i].is_signed)));
		out_done(&c.out);
		out_done(&json.out);
	}
}

TEST(one_message_is_one_line)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c = make(a, false);

	message_print_line(&c, S("demo"), &direct);
	assert_str(buf_str(&c.out.buf), S("not a time  alice (01234567) [demo]  one ⏎ two\n"));
	out_done(&c.out);
}

TEST(json_tells_absent_from_empty)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c = make(a, true);
	struct inbound m = direct;
	const struct json *doc, *item;

	m.readable = false;
	m.why = S("no key");
	m.body = STR_NONE;
	out_json(&c.out);
	out_json_list(&c.out, "messages");
	message_json(&c.out.json_out, S("demo"), &direct);
	message_json(&c.out.json_out, S("demo"), &m);
	out_json_list_end(&c.out);
	out_json_end(&c.out);
	assert_ok(json_parse(a, str_trim(buf_str(&c.out.buf)), &doc));
	item = json_get(doc, S("messages"))->first;
	assert_str(json_get_str(item, S("body")), S("one\ntwo"));
	assert_int_equal(json_get(item, S("topic"))->type, JSON_NULL);
	assert_true(json_get_bool(item, S("encrypted")));
	item = item->next;
	assert_int_equal(json_get(item, S("body"))->type, JSON_NULL);
	assert_str(json_get_str(item, S("unreadable")), S("no key"));
	out_done(&c.out);
}

TEST_MAIN("cli/message")
