/*
 * reader_test.c - topics as streams: what is posted, what was missed, and how a stream ends.
 */
#include "engine/reader.h"
#include "engine/rest_harness_test.h"
#include "engine/topic.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* Somebody who reads a stream: what it is told waits as a peer's frames do. */
static struct peer *reader(struct place *m, str key, const char *given)
{
	struct peer *p = stranger(m, "reader");
	struct event *ev = rest_event(m->house, "topic_stream", key, text(m->house->a, "%s", given), S(""));

	m->house->n_answers = 0;
	p->conn = ev->from;
	p->admitted = true;
	submit(m->house, ev);
	return p;
}

static str heard(struct peer *p)
{
	struct got *g = p->first;

	assert_non_null(g);
	p->first = g->next;
	if (!p->first)
		p->last = &p->first;
	return g->text;
}

static str post(struct house *h, str key, const char *what)
{
	assert_int_equal(ask(h, "topic_post", key, "{'topic':'general'}", arena_printf(h->a, "{'text':'%s'}", what).ptr), 200);
	return json_get_str(answer(h), S("messageId"));
}

static void expect_event(struct peer *p, const char *kind, str part)
{
	str got = heard(p);

	if (!str_starts(got, arena_printf(p->place->house->a, "event: %s\n", kind)) || !str_contains(got, part))
		fail_msg("heard '%.*s', not %s with '%.*s'", STRF(got), kind, STRF(part));
}

static struct bucket *alice_bucket(struct house *h, struct peer *alice)
{
	return &mesh_member(h->engine->meshes, str_from(alice->pubkey))->lists;
}

TEST(each_post_is_told_once_to_all_who_read_the_topic)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *eve = arrive(other, "eve"), *one, *two, *far;
	str key = api_key(alice, "'send','read'", ""), foreign = api_key(eve, "'send','read'", ""), id;

	post(h, key, "before");
	one = reader(m, key, "{'topic':'general'}");
	two = reader(m, key, "{'topic':'general'}");
	far = reader(other, foreign, "{'topic':'general'}");
	assert_true(str_starts(heard(one), S("retry: 2000\nevent: ready\ndata: {\"topic\":\"general\"")));
	heard(two);
	heard(far);
	hold(h);
	submit(h, rest_event(h, "topic_post", key, S("{\"topic\":\"general\"}"), S("{\"text\":\"x\"}")));
	release(h);
	assert_int_equal(h->effects, 2); /* the answer, and one for all that read */
	id = json_get_str(answer(h), S("messageId"));
	expect_event(one, "message", arena_printf(a, "\"id\":\"%.*s\"", STRF(id)));
	expect_event(two, "message", arena_printf(a, "\nid: %.*s\n\n", STRF(id)));
	expect_nothing(far);
	lose(one);
	post(h, key, "more");
	expect_nothing(one);
	expect_event(two, "message", S("ciphertext"));
}

/* B6 of http-data-web.md: there a stream repeats and skips. */
TEST(who_comes_back_gets_what_it_missed)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *r;
	str key = api_key(alice, "'send','read'", ""), ids[5], got;

	r = reader(m, key, "{'topic':'general'}");
	assert_true(str_contains(heard(r), S("\nid: start\n")));
	lose(r);
	for (size_t i = 0; i < 5; i++)
		ids[i] = post(h, key, "x");
	for (size_t from = 0; from <= 5; from++) {
		str last = from ? ids[from - 1] : S("start"), rest;

		r = reader(m, key, arena_printf(a, "{'topic':'general','lastEventId':'%.*s'}", STRF(last)).ptr);
		got = heard(r);
		for (size_t i = 0; i < 5; i++)
			assert_true(str_contains(got, arena_printf(a, "\nid: %.*s\n", STRF(ids[i]))) == (i >= from));
		assert_false(str_contains(got, S("event: reset")));
		rest = post(h, key, "live");
		expect_event(r, "message", rest);
		lose(r);
	}
}

TEST(an_id_that_is_not_known_resets)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *r;
	str key = api_key(alice, "'send','read'", ""), id = post(h, key, "x"), got;
	const char *bad[] = { "nothing", "%", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		r = reader(m, key, arena_printf(a, "{'topic':'general','lastEventId':'%s'}", bad[i]).ptr);
		got = heard(r);
		assert_true(str_contains(got, S("event: reset\ndata: {\"reason\":\"unknown id\"}\nid: ")));
		assert_true(str_contains(got, id));
		assert_false(str_contains(got, S("event: message")));
	}
}

TEST(too_much_at_once_resets)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *r;
	str key = api_key(alice, "'send','read'", ""), got;

	h->engine->settings.rate_per_minute = 0;
	for (int i = 0; i < 1001; i++) {
		post(h, key, "x");
		forget(alice);
	}
	r = reader(m, key, "{'topic':'general','lastEventId':'start'}");
	got = heard(r);
	assert_true(str_contains(got, S("event: reset\ndata: {\"reason\":\"too much was missed\"}\nid: ")));
	assert_false(str_contains(got, S("event: message")));
}

/* A reader that wants none of them makes nobody read them all. */
TEST(what_is_kept_from_a_reader_counts_as_missed)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *eve = arrive(m, "eve"), *r;
	str key, eves, got;

	forget_all(h);
	key = api_key(alice, "'read'", "");
	eves = api_key(eve, "'send'", "");
	h->engine->settings.rate_per_minute = 0;
	say(alice, "{'type':'grants_set','grants':{'%s':[]}}", eve->pubkey);
	for (int i = 0; i < 1201; i++) {
		post(h, eves, "x");
		forget(alice);
		forget(eve);
		if (i != 999)
			continue;
		r = reader(m, key, "{'topic':'general','lastEventId':'start'}");
		got = heard(r);
		assert_false(str_contains(got, S("event: reset")));
		assert_false(str_contains(got, S("event: message")));
	}
	r = reader(m, key, "{'topic':'general','lastEventId':'start'}");
	got = heard(r);
	assert_true(str_contains(got, S("event: reset\ndata: {\"reason\":\"too much was missed\"}\nid: ")));
}

/* Long posts neither close a stream for good, nor make pages that nobody can take, nor cost nothing. */
TEST(long_posts_are_bounded_by_their_size)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *r;
	char *letters = arena_alloc(a, 48001);
	str key = api_key(alice, "'send','read'", ""), got;
	const struct json *messages, *last;
	i64 used;

	memset(letters, 'x', 48000);
	h->engine->settings.rate_per_minute = 0;
	for (int i = 0; i < 60; i++) {
		post(h, key, letters);
		forget(alice);
	}
	assert_int_equal(ask(h, "topic_messages", key, "{'topic':'general','limit':200}", ""), 200);
	messages = json_get(answer(h), S("messages"));
	assert_in_range(messages->count, 10, 20);
	expect_answer(h, 200, "{'more':true}");
	for (last = messages->first; last->next; last = last->next)
		continue;
	assert_int_equal(ask(h, "topic_messages", key,
			     arena_printf(a, "{'topic':'general','limit':200,'before':'%.*s'}",
					  STRF(json_get_str(last, S("id")))).ptr, ""), 200);
	assert_in_range(json_get(answer(h), S("messages"))->count, 10, 20);
	used = alice_bucket(h, alice)->used;
	r = reader(m, key, "{'topic':'general','lastEventId':'start'}");
	got = heard(r);
	assert_true(str_contains(got, S("event: reset\ndata: {\"reason\":\"too much was missed\"}\nid: ")));
	assert_int_equal(ask(h, "me_search", key, "{'q':'xy'}", ""), 200);
	assert_true(alice_bucket(h, alice)->used - used > 60LL * 48 * 60000);
	expect_answer(h, 200, "{'messages':[]}");
}

/* A line asks for megabytes: what a member gets of lists is bounded on a WebSocket, too. */
TEST(lists_of_topics_draw_from_the_allowance_of_lists)
{
	static const char *const verbs[] = {
		"{'type':'topic_list','_reqId':'a'}", "{'type':'topic_members','topic':'general','_reqId':'a'}",
		"{'type':'topic_history','topic':'general','_reqId':'a'}",
		"{'type':'topic_key_get','topic':'general','_reqId':'a'}", "{'type':'notification_list','_reqId':'a'}",
	};
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");

	forget_all(h);
	h->engine->settings.lists_kb_per_minute = ARRAY_LEN(verbs);
	for (int asked = 0; asked < 2; asked++)
		for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
			say(alice, "%s", verbs[i]);
			expect(alice, asked ? "{'type':'error','code':'rate_limit','_reqId':'a'}" : "{'_reqId':'a'}");
		}
	advance(h, 60000);
	forget_all(h);
	say(alice, "%s", verbs[0]);
	expect(alice, "{'type':'topic_list_response','_reqId':'a'}");
}

TEST(a_stream_ends_with_its_key)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *one, *two;
	str soon, other;
	const struct json *keys;

	forget_all(h);
	soon = api_key(alice, "'read'", arena_printf(a, ",'expiresAt':'%.*s'",
						     STRF(time_iso(a, clock_ms(&h->clock) + 1000))).ptr);
	other = api_key(alice, "'read'", "");
	one = reader(m, soon, "{'topic':'general'}");
	two = reader(m, other, "{'topic':'general'}");
	heard(one);
	heard(two);
	advance(h, 1000);
	expect_event(one, "error", S("expired"));
	expect_nothing(two);
	say(alice, "{'type':'apikey_list'}");
	keys = json_get(expect(alice, "{'type':'apikey_list_response'}"), S("keys"));
	for (const struct json *k = keys->first; k; k = k->next) {
		say(alice, "{'type':'apikey_revoke','id':'%.*s'}", STRF(json_get_str(k, S("id"))));
		expect(alice, "{'status':'revoked'}");
	}
	expect_event(two, "error", S("revoked"));
	expect_nothing(one);
}

static void remove_now(void *engine, void *member)
{
	struct engine *e = engine;

	assert_ok(member_remove(member, e->batch));
}

TEST(a_stream_ends_with_its_member)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *one, *two;
	struct timer now = { .fn = remove_now, .owner = mesh_member(h->engine->meshes, str_from(bob->pubkey)) };
	str mine, his;

	forget_all(h);
	mine = api_key(alice, "'send','read'", "");
	his = api_key(bob, "'read'", "");
	one = reader(m, mine, "{'topic':'general'}");
	two = reader(m, his, "{'topic':'general'}");
	heard(one);
	heard(two);
	timer_set(&h->engine->timers, &now, h->engine->mono_ms);
	advance(h, 0);
	expect_event(two, "error", S("no member"));
	post(h, mine, "x");
	expect_event(one, "message", S("id"));
	expect_nothing(two);
}

TEST(what_was_not_stored_is_not_told_and_nobody_reads_by_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *one, *two;
	str key = api_key(alice, "'send','read'", "");

	one = reader(m, key, "{'topic':'general'}");
	heard(one);
	fail_commits(h, ERR_TRY_AGAIN);
	hold(h);
	submit(h, rest_event(h, "topic_post", key, S("{\"topic\":\"general\"}"), S("{\"text\":\"x\"}")));
	two = reader(m, key, "{'topic':'general'}");
	release(h);
	expect_answer(h, 503, "{'error':'try_again'}");
	expect_nothing(one);
	expect_nothing(two);
	assert_int_equal(h->engine->meshes->n_readers, 1);
	post(h, key, "now");
	expect_event(one, "message", S("id"));
	expect_nothing(two);
}

TEST(as_many_streams_as_may_be)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = api_key(alice, "'read'", "");

	for (int i = 0; i < READERS_PER_MEMBER_MAX; i++)
		ask(h, "topic_stream", key, "{'topic':'general'}", "");
	assert_int_equal(h->n_answers, 0);
	ask(h, "topic_stream", key, "{'topic':'general'}", "");
	expect_answer(h, 409, "{'error':'too_many_streams'}");
	assert_int_equal(h->engine->meshes->n_readers, READERS_PER_MEMBER_MAX);
}

TEST_MAIN("engine/reader")
