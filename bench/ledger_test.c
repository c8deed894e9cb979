/*
 * ledger_test.c - the checker must see each kind of fault: else a green run proves nothing.
 */
#include "base/test.h"

#include "bench/ledger.h"

enum { CLIENTS = 3 };
static const str keys[CLIENTS] = { { "key-a", 5 }, { "key-b", 5 }, { "key-c", 5 } };

#define ID1 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1"
#define ID2 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA2"

static struct ledger start(struct arena *a)
{
	struct ledger l;

	ledger_init(&l, a, S("t"), keys, CLIENTS, CLIENTS);
	return l;
}

/* A push of message `no` as its sender meant it. */
static struct ledger_push push(const struct ledger *l, struct arena *a, u64 no, str message_id)
{
	return (struct ledger_push){ ledger_id(l, a, no), message_id,
				     keys[ledger_at(l, no)->sender], ledger_body(a, no, 40) };
}

TEST(a_message_acked_and_delivered_once_is_no_failure)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);
	struct ledger_push p;

	assert_int_equal(ledger_send(&l, 0, 1, 100), 0);
	p = push(&l, a, 0, S(ID1));
	assert_true(ledger_acked(&l, 0, ledger_id(&l, a, 0), S(ID1), 150));
	assert_false(ledger_is_done(&l, 0));
	assert_int_equal(ledger_lost(&l), 1);
	assert_int_equal(ledger_got(&l, 1, &p, 180), 0);
	assert_true(ledger_is_done(&l, 0));
	assert_int_equal(ledger_failures(&l), 0);
	assert_int_equal(l.done, 1);
	assert_int_equal(l.ack.max, 50);
	assert_int_equal(l.delivery.max, 80);
	assert_int_equal(l.accepted_twice, 0);
}

TEST(an_acked_message_that_never_comes_is_lost)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);

	ledger_send(&l, 0, 1, 0);
	ledger_send(&l, 0, LEDGER_ALL, 0);
	ledger_acked(&l, 0, ledger_id(&l, a, 0), S(ID1), 1);
	ledger_acked(&l, 0, ledger_id(&l, a, 1), S(ID2), 1);
	assert_int_equal(ledger_lost(&l), 1 + (CLIENTS - 1));
	assert_int_equal(ledger_failures(&l), ledger_lost(&l));
}

TEST(a_delivery_without_an_ack_is_a_failure_until_the_ack_comes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);
	struct ledger_push p;

	ledger_send(&l, 0, 1, 0);
	p = push(&l, a, 0, S(ID1));
	assert_int_equal(ledger_got(&l, 1, &p, 1), LEDGER_NONE);
	assert_int_equal(ledger_failures(&l), 1);
	ledger_acked(&l, 0, ledger_id(&l, a, 0), S(ID1), 1);
	assert_int_equal(ledger_failures(&l), 0);
	assert_int_equal(l.done, 1);
}

TEST(a_repeat_is_hidden_by_the_dedupe_and_counted)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);
	struct ledger_push p;

	ledger_send(&l, 0, 1, 0);
	p = push(&l, a, 0, S(ID1));
	ledger_acked(&l, 0, p.client_id, S(ID1), 1);
	ledger_got(&l, 1, &p, 1);
	ledger_got(&l, 1, &p, 2);
	assert_int_equal(l.repeats, 1);
	assert_int_equal(l.delivered, 1);
	assert_int_equal(l.accepted_twice, 0);
	p.message_id = S(ID2);
	ledger_got(&l, 1, &p, 3);
	ledger_acked(&l, 0, p.client_id, S(ID2), 3);
	assert_int_equal(l.accepted_twice, 1);
	assert_int_equal(l.acked, 1);
	assert_int_equal(ledger_failures(&l), 1);
}

TEST(a_text_that_comes_again_under_another_id_is_doubled)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);
	struct ledger_push p;

	ledger_send(&l, 0, 1, 0);
	p = push(&l, a, 0, S(ID1));
	ledger_got(&l, 1, &p, 1);
	p.client_id = STR_NONE;
	ledger_got(&l, 1, &p, 2);
	assert_int_equal(l.doubled, 1);
	ledger_send(&l, 0, 1, 0);
	p.client_id = ledger_id(&l, a, 1);
	ledger_got(&l, 1, &p, 3);
	assert_int_equal(l.doubled, 2);
	assert_int_equal(l.delivered, 1);
}

/* What is changed of a good push from client 0 to client 1. */
static const struct {
	const char *what;
	str client_id, sender, body;
	u32 at;
	bool refused, other_run, never;
} odd[] = {
	{ "an id that is none", .client_id = { "bench-t-9", 9 } },
	{ "an id of another run", .other_run = true },
	{ "an id that was never given", .never = true },
	{ "another sender", .sender = { "key-c", 5 } },
	{ "no sender", .sender = { "", 0 } },
	{ "another text", .body = { "0 xxxy", 6 } },
	{ "a text without a number", .body = { "xxxx", 4 } },
	{ "the text of another message", .body = { "1 xxxx", 6 } },
	{ "a text that does not open", .body = { NULL, 1 } },
	{ "another receiver", .at = 2 },
	{ "its own sender", .at = 0 },
	{ "refused before", .refused = true },
};

TEST(what_was_not_sent_is_unexpected)
{
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct ledger l = start(a);
		struct ledger_push p;
		u32 at = i >= ARRAY_LEN(odd) - 3 && !odd[i].refused ? odd[i].at : 1;

		ledger_send(&l, 0, 1, 0);
		ledger_send(&l, 0, 2, 0);
		p = push(&l, a, 0, S(ID1));
		if (odd[i].refused)
			ledger_refused(&l, 0, p.client_id, S("no"));
		if (odd[i].client_id.ptr)
			p.client_id = odd[i].client_id;
		if (odd[i].other_run)
			ident_text(ident_key(S("u")), 0, (char *)p.client_id.ptr);
		if (odd[i].never)
			p.client_id = ledger_id(&l, a, 9);
		if (odd[i].sender.ptr)
			p.sender_pubkey = odd[i].sender;
		if (odd[i].body.ptr || odd[i].body.len)
			p.body = odd[i].body.ptr ? odd[i].body : STR_NONE;
		ledger_got(&l, at, &p, 1);
		if (l.unexpected != 1)
			print_error("%s\n", odd[i].what);
		assert_int_equal(l.unexpected, 1);
		assert_int_equal(l.delivered, 0);
		assert_false(str_empty(l.problem));
	}
}

TEST(an_ack_of_somebody_elses_message_is_unexpected)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);

	ledger_send(&l, 0, 1, 0);
	assert_false(ledger_acked(&l, 1, ledger_id(&l, a, 0), S(ID1), 1));
	assert_false(ledger_acked(&l, 0, ledger_id(&l, a, 7), S(ID1), 1));
	assert_false(ledger_acked(&l, 0, ledger_id(&l, a, 0), S(""), 1));
	assert_false(ledger_refused(&l, 1, ledger_id(&l, a, 0), S("no")));
	assert_int_equal(l.unexpected, 4);
	assert_int_equal(l.acked, 0);
}

TEST(a_multicast_is_done_when_everybody_else_has_it)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);
	struct ledger_push p;

	ledger_send(&l, 1, LEDGER_ALL, 0);
	p = push(&l, a, 0, S(ID1));
	ledger_acked(&l, 1, p.client_id, S(ID1), 1);
	assert_int_equal(ledger_got(&l, 0, &p, 1), LEDGER_NONE);
	assert_int_equal(ledger_got(&l, 0, &p, 1), LEDGER_NONE);
	assert_int_equal(l.repeats, 1);
	assert_int_equal(ledger_got(&l, 1, &p, 1), LEDGER_NONE);
	assert_int_equal(l.unexpected, 1);
	assert_int_equal(ledger_got(&l, 2, &p, 1), 0);
	assert_int_equal(l.delivered, 2);
	assert_int_equal(ledger_lost(&l), 0);
}

TEST(a_multicast_stays_in_its_mesh)
{
	static const str six[] = { { "key-a", 5 }, { "key-b", 5 }, { "key-c", 5 },
				   { "key-d", 5 }, { "key-e", 5 }, { "key-f", 5 } };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger_push p;
	struct ledger l;

	ledger_init(&l, a, S("t"), six, ARRAY_LEN(six), 3);
	ledger_send(&l, 4, LEDGER_ALL, 0);
	p = (struct ledger_push){ ledger_id(&l, a, 0), S(ID1), six[4], ledger_body(a, 0, 40) };
	ledger_acked(&l, 4, p.client_id, S(ID1), 1);
	for (u32 other = 0; other < 3; other++)
		ledger_got(&l, other, &p, 1);
	assert_int_equal(l.unexpected, 3);
	assert_int_equal(ledger_lost(&l), 2);
	assert_int_equal(ledger_got(&l, 3, &p, 1), LEDGER_NONE);
	assert_int_equal(ledger_got(&l, 3, &p, 1), LEDGER_NONE);
	assert_int_equal(l.repeats, 1);
	assert_int_equal(l.last.n, 0);
	assert_false(ledger_is_everywhere(&l, 0));
	assert_int_equal(ledger_got(&l, 5, &p, 9), 0);
	assert_true(ledger_is_everywhere(&l, 0));
	assert_int_equal(ledger_lost(&l), 0);
	assert_int_equal(l.last.n, 1);
	assert_int_equal(l.last.max, 9);
}

TEST(what_waits_for_somebody_who_never_comes_is_done_when_acked)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);
	struct ledger_push p;

	ledger_send(&l, 0, CLIENTS, 0);
	p = push(&l, a, 0, S(ID1));
	assert_false(ledger_is_done(&l, 0));
	ledger_acked(&l, 0, p.client_id, S(ID1), 1);
	assert_true(ledger_is_done(&l, 0));
	assert_int_equal(ledger_failures(&l), 0);
	ledger_got(&l, 1, &p, 1);
	assert_int_equal(l.unexpected, 1);
}

TEST(an_overtaken_message_is_seen)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);

	for (u64 no = 0; no < 3; no++)
		ledger_send(&l, 0, 1, 0);
	for (u64 i = 0; i < 3; i++) {
		struct ledger_push p = push(&l, a, (i + 1) % 3, S(ID1));

		ledger_got(&l, 1, &p, 1);
	}
	assert_int_equal(l.reordered, 1);
}

TEST(numbers_go_past_a_chunk)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct ledger l = start(a);

	for (u64 no = 0; no < LEDGER_CHUNK + 2; no++)
		assert_int_equal(ledger_send(&l, 0, no % 2 + 1, (i64)no), no);
	assert_int_equal(ledger_at(&l, LEDGER_CHUNK + 1)->sent_us, LEDGER_CHUNK + 1);
	assert_int_equal(ledger_find(&l, ledger_id(&l, a, LEDGER_CHUNK)), LEDGER_CHUNK);
}

TEST(percentiles_are_at_most_a_step_too_high)
{
	struct hist *h = calloc(1, sizeof(*h));
	u64 median;

	assert_int_equal(hist_at(h, 500), 0);
	for (i64 us = 1; us <= 100000; us++)
		hist_add(h, us);
	median = hist_at(h, 500);
	assert_true(median >= 50000 && median <= 50000 + 50000 / 64);
	assert_true(hist_at(h, 990) >= 99000 && hist_at(h, 990) <= 100000);
	assert_int_equal(hist_at(h, 1000), 100000);
	hist_add(h, -5);
	hist_add(h, INT64_MAX);
	assert_int_equal(hist_at(h, 0), 0);
	assert_int_equal(h->max, INT64_MAX);
	assert_int_equal(hist_at(h, 1000), INT64_MAX);
	free(h);
}

TEST_MAIN("bench/ledger")
