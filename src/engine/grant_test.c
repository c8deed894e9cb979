/*
 * grant_test.c - what somebody does not want does not reach it, on no path; and who sent it cannot tell.
 */
#include "engine/grant.h"

#include "engine/grant_harness_test.h"
#include "engine/reader.h"
#include "engine/rest_harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static str id_of(struct house *h, const struct json *ack)
{
	return arena_dup(h->a, json_get_str(ack, S("messageId")));
}

static const struct json *status_of(struct peer *p, str id)
{
	forget(p);
	say(p, "{'type':'message_status','messageId':'%.*s','_reqId':'r'}", STRF(id));
	return expect(p, "{'type':'message_status_result'}");
}

/* ---- the rule ---- */

/* Member key, then session key, each default, explicit, blocked. */
TEST(the_first_entry_counts)
{
	static const struct { const char *member, *session; bool dm, broadcast; } cases[] = {
		{ "null",          "null",          true,  true },
		{ "null",          "['dm']",        true,  false },
		{ "null",          "['broadcast']", false, true },
		{ "null",          "[]",            false, false },
		{ "['dm']",        "null",          true,  false },
		{ "['dm']",        "['broadcast']", true,  false },
		{ "['dm']",        "[]",            true,  false },
		{ "['broadcast']", "['dm']",        false, true },
		{ "[]",            "null",          false, false },
		{ "[]",            "['dm']",        false, false },
		{ "[]",            "[]",            false, false },
		{ "['file-read']", "null",          false, false },
	};
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive_session(m, "alice"), *bob = arrive(m, "bob");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		grant(bob, alice->pubkey, cases[i].member);
		grant(bob, alice->session_pubkey, cases[i].session);
		forget_all(h);
		send_to(alice, bob->pubkey, text(a, "dm%zu", i).ptr, NULL);
		if (cases[i].dm)
			ack_push(bob, expect_message(bob, text(a, "dm%zu", i).ptr));
		expect_nothing(bob);
		send_to(alice, "*", text(a, "all%zu", i).ptr, NULL);
		if (cases[i].broadcast)
			ack_push(bob, expect_message(bob, text(a, "all%zu", i).ptr));
		expect_nothing(bob);
		advance(h, 10000);
	}
}

TEST(a_person_is_all_its_devices)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *phone = arrive(m, "phone");
	struct peer *bob = arrive(m, "bob"), *tablet = arrive(m, "tablet");

	member_of(phone)->device_of = member_of(alice)->no;
	member_of(tablet)->device_of = member_of(bob)->no;
	/* Of a device means its person; a device asks and sets what is its person's. */
	say(tablet, "{'type':'grants_set','grants':{'%s':[]}}", phone->pubkey);
	expect(tablet, "{'type':'grants','grants':{'%s':[],'%s':null}}", alice->pubkey, phone->pubkey);
	forget_all(h);
	send_to(alice, bob->pubkey, "1", NULL);
	send_to(phone, bob->pubkey, "2", NULL);
	send_to(alice, tablet->pubkey, "3", NULL);
	send_to(phone, "*", "4", NULL);
	expect_nothing(bob);
	expect_nothing(tablet);
	expect_dropped(bob, alice, 3, 1);
	/* The copy for a device is no other message. */
	say(alice, "{'type':'send','id':'c','targetSpec':'%s','nonce':'','ciphertext':'aGk=','client_message_id':'c.%.8s'}",
	    tablet->pubkey, tablet->pubkey);
	expect_nothing(tablet);
	expect_dropped(bob, alice, 3, 1);
	/* A person's own never, whatever it says. */
	say(bob, "{'type':'grants_set','grants':{'%s':[]}}", tablet->pubkey);
	expect(bob, "{'type':'error','code':'invalid','message':'*'}");
	send_to(tablet, bob->pubkey, "5", NULL);
	expect_message(bob, "5");
}

/* ---- nobody can tell ---- */

static void expect_same(const struct json *left, const struct json *right, const char *member)
{
	const struct json *x = json_get(left, str_from(member)), *y = json_get(right, str_from(member));

	assert_int_equal(x != NULL, y != NULL);
	if (x)
		assert_str(x->raw, y->raw);
}

static void expect_same_ack(const struct json *left, const struct json *right)
{
	static const char *const members[] = { "queued", "error", "code", "recipients", "delivery", "duplicate",
					       "notifications" };

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		expect_same(left, right, members[i]);
	assert_int_equal(left->count, right->count);
}

static void expect_same_status(const struct json *left, const struct json *right)
{
	const struct json *x = json_get(left, S("recipients"))->first, *y = json_get(right, S("recipients"))->first;

	expect_same(left, right, "delivered");
	expect_same(left, right, "deliveredAt");
	for (; x && y; x = x->next, y = y->next) {
		expect_same(x, y, "status");
		expect_same(x, y, "state");
		expect_same(x, y, "at");
		expect_same(x, y, "reason");
		assert_int_equal(x->count, y->count);
	}
	assert_true(!x && !y);
}

/* bob does not want it, carol's program has hung: acks and receipts of both are the same for a week. */
TEST(what_is_denied_looks_like_what_nobody_reads)
{
	static const char *const states[] = { "idle", "dnd" };
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob"), *carol = arrive_session(m, "carol");
	str to_bob[4], to_carol[4];
	size_t n = 0;

	grant(bob, alice->pubkey, "[]");
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		static const char *const priorities[] = { "next", "now" };

		say(bob, "{'type':'set_status','status':'%s'}", states[i]);
		say(carol, "{'type':'set_status','status':'%s'}", states[i]);
		for (size_t k = 0; k < ARRAY_LEN(priorities); k++, n++) {
			const struct json *x, *y;

			forget(alice);
			send_to(alice, bob->pubkey, text(a, "b%zu", n).ptr, priorities[k]);
			send_to(alice, carol->pubkey, text(a, "c%zu", n).ptr, priorities[k]);
			x = expect(alice, "{'type':'ack'}");
			y = expect(alice, "{'type':'ack'}");
			expect_same_ack(x, y);
			to_bob[n] = id_of(h, x);
			to_carol[n] = id_of(h, y);
			expect_same_status(status_of(alice, to_bob[n]), status_of(alice, to_carol[n]));
		}
	}
	/* Both lose their connection, come back in time, or never. */
	lose(bob);
	lose(carol);
	for (size_t i = 0; i < n; i++)
		expect_same_status(status_of(alice, to_bob[i]), status_of(alice, to_carol[i]));
	advance(h, GRACE_MS + 1000);
	for (size_t i = 0; i < n; i++)
		expect_same_status(status_of(alice, to_bob[i]), status_of(alice, to_carol[i]));
	forget(alice);
	assert_int_equal(member_of(alice)->backlog.messages, 2 * n);
	advance(h, (i64)MESSAGE_TTL_DAYS * 24 * 3600 * 1000 + 60000);
	advance(h, 1000);
	for (size_t i = 0; i < n; i++) {
		const struct json *x = status_of(alice, to_bob[i]);

		expect_same_status(x, status_of(alice, to_carol[i]));
		assert_str(json_get_str(json_get(x, S("recipients"))->first, S("state")), S("expired"));
	}
	assert_int_equal(member_of(alice)->backlog.messages, 0);
	assert_int_equal(count(h->f, "delivery"), 0);
}

/* Who is told of ends is told of these when they expire, as of any. */
TEST(its_end_is_told_as_any)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	grant(bob, alice->pubkey, "[]");
	forget_all(h);
	say(alice, "{'type':'send','id':'x','targetSpec':'%s','nonce':'','ciphertext':'aGk=','wantReceipt':true}", bob->pubkey);
	expect(alice, "{'type':'ack','queued':true,'delivery':'live','recipients':1}");
	expect_nothing(alice);
	hang_up(bob);
	forget(alice);
	advance(h, (i64)MESSAGE_TTL_DAYS * 24 * 3600 * 1000 + 60000);
	advance(h, 1000);
	store_now(h);
	expect(alice, "{'type':'message_state','recipients':[{'name':'bob','state':'expired','status':'disconnected'}]}");
}

/* A post of who is not wanted has not arrived, as with somebody whose program has hung. */
TEST(a_denied_post_looks_like_one_that_is_not_acked)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	struct peer *zoe = arrive(other, "zoe"), *yan = arrive(other, "yan");
	const struct json *x, *y;

	grant(bob, alice->pubkey, "[]");
	forget_all(h);
	for (int i = 0; i < 2; i++) {
		const char *post = "{'type':'send','id':'p','targetSpec':'#general','nonce':'','ciphertext':'aGk='}";

		say(alice, "%s", post);
		say(zoe, "%s", post);
		x = expect(alice, "{'type':'ack'}");
		y = expect(zoe, "{'type':'ack'}");
		expect_same_ack(x, y);
		x = status_of(alice, id_of(h, x));
		y = status_of(zoe, id_of(h, y));
		expect_same(x, y, "delivered");
		expect_same(x, y, "subscribers");
		expect_same(x, y, "gotBy");
		assert_int_equal(x->count, y->count);
		lose(bob);
		lose(yan);
		enter(bob, GREETING(0));
		enter(yan, GREETING(0));
		forget_all(h);
	}
}

/* Its mailbox is full for who is not wanted as if all of it were there; it is not for others. */
TEST(what_is_withheld_fills_only_its_senders_view)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *alice, *bob, *carol;

	h->settings.mailbox_messages = 2;
	store_now(h);
	engine_free(h->engine);
	assert_ok(engine_new(h->a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
	m = place(h, "team");
	alice = arrive(m, "alice");
	carol = arrive(m, "carol");
	bob = arrive(m, "bob");
	grant(bob, alice->pubkey, "[]");
	hang_up(bob);
	forget_all(h);
	for (int i = 0; i < 2; i++) {
		send_to(alice, bob->pubkey, text(a, "a%d", i).ptr, NULL);
		expect(alice, "{'queued':true,'delivery':'stored'}");
	}
	send_to(alice, bob->pubkey, "a2", NULL);
	expect(alice, "{'queued':false,'code':'full','error':'*'}");
	for (int i = 0; i < 2; i++) {
		send_to(carol, bob->pubkey, text(a, "c%d", i).ptr, NULL);
		expect(carol, "{'queued':true}");
	}
	send_to(carol, bob->pubkey, "c2", NULL);
	expect(carol, "{'queued':false,'code':'full'}");
	restart(h);
	enter(bob, GREETING(0));
	expect_message(bob, "c0");
	expect_message(bob, "c1");
	expect_nothing(bob);
}

/* Its text is kept nowhere: nobody will read it. */
TEST(what_nobody_will_read_is_not_kept)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	struct db_rows rows;

	grant(bob, alice->pubkey, "[]");
	send_to(alice, bob->pubkey, "secret", NULL);
	assert_ok(db_run(h->f->db, a, &(struct db_query){ "probe", QUERY_COUNT, "", "i",
		  "SELECT COUNT(*) FROM message WHERE ciphertext <> ''" }, DB_VALUES(), &rows));
	assert_int_equal(db_row(&rows, 0)[0].i, 0);
	assert_int_equal(count(h->f, "message"), 1);
}

/* ---- every path ---- */

/* D-26. */
TEST(d_26_a_block_holds_for_what_waits)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(m, "carol");
	int n = 0;

	say(bob, "{'type':'set_status','status':'dnd'}");
	forget_all(h);
	for (; n < 9; n++) {
		send_to(n % 3 ? alice : carol, bob->pubkey, text(a, "%d", n).ptr, NULL);
		expect_nothing(bob);
	}
	grant(bob, alice->pubkey, "[]");
	forget_all(h);
	say(bob, "{'type':'set_status','status':'idle'}");
	for (int i = 0; i < n; i += 3)
		ack_push(bob, expect_message(bob, text(a, "%d", i).ptr));
	expect_nothing(bob);
	expect_dropped(bob, alice, 6, 0);
	/* Taking it back brings nothing back. */
	grant(bob, alice->pubkey, "null");
	hang_up(bob);
	restart(h);
	enter(bob, GREETING(0));
	forget_all(h);
	enter(alice, GREETING(0));
	forget_all(h);
	send_to(alice, bob->pubkey, "new", NULL);
	expect_message(bob, "new");
}

/* More than one look takes: those behind what is withheld come all the same. */
TEST(what_stands_behind_what_is_withheld_comes)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *alice, *bob, *carol;

	h->settings.window_messages = 4;
	h->settings.rate_burst = h->settings.rate_per_minute = 1000;
	store_now(h);
	engine_free(h->engine);
	assert_ok(engine_new(h->a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
	m = place(h, "team");
	alice = arrive(m, "alice");
	carol = arrive(m, "carol");
	bob = newcomer(m, "bob");
	for (int i = 0; i < 21; i++)
		send_to(alice, bob->pubkey, text(a, "a%d", i).ptr, NULL);
	send_to(carol, bob->pubkey, "behind", NULL);
	enter(bob, GREETING(0));
	forget_all(h);
	grant(bob, alice->pubkey, "[]");
	lose(bob);
	enter(bob, GREETING(0));
	ack_push(bob, expect_message(bob, "behind"));
	expect_nothing(bob);
}

/* What was on its way when it was blocked is not sent again. */
TEST(a_push_without_ack_is_not_repeated_after_a_block)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	send_to(alice, bob->pubkey, "x", NULL);
	expect_message(bob, "x");
	grant(bob, alice->pubkey, "[]");
	advance(h, LEASE_MS + 1000);
	expect_nothing(bob);
	expect_dropped(bob, alice, 1, 0);
}

TEST(groups_and_broadcasts_pass_by_who_does_not_want_them)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob"), *carol = arrive_session(m, "carol");
	const struct json *status;
	str id;

	say(bob, "{'type':'join_group','name':'ops'}");
	say(carol, "{'type':'join_group','name':'ops'}");
	grant(bob, alice->pubkey, "['dm']");
	forget_all(h);
	send_to(alice, "@ops", "1", NULL);
	expect_message(carol, "1");
	id = id_of(h, expect(alice, "{'type':'ack','queued':true,'recipients':2,'delivery':'live'}"));
	expect_nothing(bob);
	status = status_of(alice, id);
	assert_true(matches(status, json_get(status, S("none")) ? NULL : status));
	assert_int_equal(json_get(status, S("recipients"))->count, 2);
	for (const struct json *r = json_get(status, S("recipients"))->first; r; r = r->next)
		assert_str(json_get_str(r, S("state")), S("pushed"));
	send_to(alice, bob->pubkey, "2", NULL);
	expect_message(bob, "2");
	/* One message is one, however many sessions there are. */
	enter(twin(bob), GREETING(.session = true, .session_id = "second"));
	forget_all(h);
	send_to(alice, "*", "3", NULL);
	expect_dropped(bob, alice, 0, 2);
}

static void post(struct peer *p, const char *id)
{
	forget(p);
	say(p, "{'type':'send','id':'%s','targetSpec':'#general','nonce':'','ciphertext':'aGkgQGJvYg=='}", id);
}

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

static bool hears(struct peer *p, str part)
{
	for (struct got *g = p->first; g; g = g->next)
		if (str_contains(g->text, part))
			return true;
	return false;
}

TEST(d_26_posts_are_not_pushed_streamed_or_notified)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = arrive(m, "carol"), *stream, *other;
	str key, others, id, before;
	const struct json *ack;

	forget_all(h);
	key = api_key(bob, "'read'", "");
	others = api_key(carol, "'read'", "");
	post(alice, "0");
	before = id_of(h, expect(alice, "{'type':'ack','queued':true,'notifications':1}"));
	ack_push(bob, expect(bob, "{'type':'push','topic':'general'}"));
	stream = reader(m, key, "{'topic':'general'}");
	other = reader(m, others, "{'topic':'general'}");
	grant(bob, alice->pubkey, "['dm']");
	forget_all(h);
	post(alice, "1");
	ack = expect(alice, "{'type':'ack','queued':true,'delivery':'live','recipients':3,'notifications':1}");
	id = id_of(h, ack);
	expect_nothing(bob);
	expect(carol, "{'type':'push','messageId':'%.*s'}", STRF(id));
	assert_false(hears(stream, id));
	assert_true(hears(other, id));
	/* Nor when it comes back, by either way. */
	stream = reader(m, key, text(a, "{'topic':'general','lastEventId':'%.*s'}", STRF(before)).ptr);
	assert_false(hears(stream, id));
	lose(bob);
	enter(bob, GREETING(0));
	expect_nothing(bob);
	forget_all(h);
	say(bob, "{'type':'notification_list'}");
	assert_int_equal(json_get(expect(bob, "{'unread':1}"), S("notifications"))->count, 1);
	/* It came up again, and is no other. */
	expect_dropped(bob, alice, 0, 1);
	lose(bob);
	enter(bob, GREETING(0));
	expect_dropped(bob, alice, 0, 1);
	forget_all(h);
	/* What others say comes, and history is everybody's. */
	post(carol, "2");
	ack_push(bob, expect(bob, "{'type':'push','topicSeq':3}"));
	say(bob, "{'type':'topic_history','topic':'general'}");
	assert_int_equal(json_get(expect(bob, "{'type':'topic_history_response'}"), S("messages"))->count, 3);
	expect_dropped(bob, alice, 0, 1);
}

TEST_MAIN("engine/grant")
