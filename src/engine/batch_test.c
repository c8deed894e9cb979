/*
 * batch_test.c - a batch that cannot be stored did not happen; the next one works.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static void sql(struct house *h, str script)
{
	assert_ok(db_begin(h->f->db, h->a));
	assert_ok(db_exec(h->f->db, h->a, script));
	assert_ok(db_commit(h->f->db, h->a));
}

TEST(when_a_batch_is_not_stored_every_caller_is_told_to_try_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob"), *carol = stranger(m, "carol");
	i64 members = count(h->f, "member");

	hold(h);
	send_to(alice, bob->pubkey, "x", NULL);
	greet(bob, GREETING(0));
	say(alice, "{'type':'join_group','name':'g','scope':'member','_reqId':'r'}");
	say(alice, "{'type':'join_group','name':'g','scope':'member'}");
	call(h, "join", "", join_body(m, carol));
	fail_commits(h, ERR_TRY_AGAIN);
	h->n_answers = 0;
	release(h);
	expect(alice, "{'type':'ack','id':'x','queued':false,'messageId':'','code':'try_again'}");
	expect(alice, "{'type':'error','code':'try_again','_reqId':'r'}");
	expect(alice, "{'type':'error','code':'try_again','_reqId':null}");
	expect_nothing(alice);
	expect(bob, "{'type':'error','code':'try_again'}");
	expect_close(bob, 1013, "try_again");
	assert_false(bob->admitted);
	expect_answer(h, 503, "{'ok':false,'error':'try_again'}");
	assert_int_equal(count(h->f, "member"), members);
	assert_int_equal(count(h->f, "message"), 0);
	assert_int_equal(engine_stats(h->engine).presences, 1);
	assert_int_equal(engine_stats(h->engine).failed_commits, 1);
	/* And now it works, with the same signature. */
	hold(h);
	send_to(alice, bob->pubkey, "x", NULL);
	greet(bob, GREETING(0));
	call(h, "join", "", join_body(m, carol));
	release(h);
	expect(alice, "{'type':'ack','queued':true}");
	expect(alice, "{'event':'peer_joined'}");
	expect(bob, "{'type':'hello_ack'}");
	expect_message(bob, "x");
	expect_answer(h, 200, "{'ok':true,'alreadyMember':null}");
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'displayName':'alice'},{'displayName':'bob'}]}");
}

#define TRY_AGAIN_TEXT "the broker could not store this; nothing was changed, try again"

/* While the database is away every send is refused in the form that senders know, and nobody
 * is told where the database is. */
TEST(a_mesh_that_cannot_be_read_again_answers_as_one_not_stored)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	expect(alice, "{'event':'peer_joined'}");
	fail_commits(h, ERR_TRY_AGAIN);
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'type':'ack','id':'x','code':'try_again','error':'" TRY_AGAIN_TEXT "'}");
	for (int i = 0; i < 2; i++) {
		h->f->plan = (struct db_fault){ .fail_at = 1, .code = ERR_TRY_AGAIN };
		send_to(alice, bob->pubkey, "x", NULL);
		expect(alice, "{'type':'ack','id':'x','code':'try_again','error':'" TRY_AGAIN_TEXT "'}");
		h->f->plan = (struct db_fault){ .fail_at = 1, .code = ERR_TRY_AGAIN };
		say(alice, "{'type':'list_peers','_reqId':'r'}");
		expect(alice, "{'type':'error','code':'try_again','message':'" TRY_AGAIN_TEXT "','_reqId':'r'}");
	}
	fail_commits(h, 0);
	send_to(alice, bob->pubkey, "x", NULL);
	expect(alice, "{'type':'ack','id':'x','queued':true}");
	expect_message(bob, "x");
}

TEST(a_mesh_that_was_not_stored_can_be_made_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place_plan(h, "team");
	struct peer *owner = stranger(m, "owner");

	for (int i = 0; i < 40; i++) {
		fail_commits(h, ERR_TRY_AGAIN);
		call(h, "mesh_create", "", create_body(m, owner));
		expect_answer(h, 503, "{'error':'try_again'}");
		assert_int_equal(engine_stats(h->engine).meshes, 0);
	}
	call(h, "mesh_create", "", create_body(m, owner));
	expect_answer(h, 200, "{'slug':'team'}");
	enter(owner, GREETING(0));
	assert_int_equal(engine_stats(h->engine).meshes, 1);
}

TEST(a_session_key_that_was_not_stored_is_new_the_next_time)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	fail_commits(h, ERR_TRY_AGAIN);
	greet(bob, GREETING(.session = true));
	expect(bob, "{'code':'try_again'}");
	expect_close(bob, 1013, "try_again");
	enter(bob, GREETING(.session = true));
	forget(alice);
	lose(bob);
	send_to(alice, bob->session_pubkey, "x", NULL);
	expect(alice, "{'queued':true}");
	restart(h);
	enter(bob, GREETING(.session = true));
	expect_message(bob, "x");
	assert_int_equal(count(h->f, "mailbox"), 4);
}

TEST(who_was_replaced_in_a_failed_batch_is_not_left_hanging)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice"), *again = twin(alice);

	enter(alice, GREETING(.session_id = "s"));
	forget(bob);
	h->at.us += 1000;
	fail_commits(h, ERR_TRY_AGAIN);
	greet(again, GREETING(.session_id = "s"));
	expect(again, "{'type':'error','code':'try_again'}");
	expect_close(again, 1013, "try_again");
	expect_close(alice, 1000, "session_replaced");
	expect(bob, "{'event':'peer_left'}");
	expect_nothing(bob);
	enter(again, GREETING(.session_id = "s"));
	expect(bob, "{'event':'peer_joined'}");
	say(bob, "{'type':'list_peers'}");
	expect(bob, "{'peers':[{},{}]}");
}

TEST(who_came_back_in_a_failed_batch_can_come_back_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice");

	lose(alice);
	forget(bob);
	send_to(bob, alice->session_pubkey, "x", NULL);
	h->at.us += 1000;
	fail_commits(h, ERR_TRY_AGAIN);
	greet(alice, GREETING(.session = true));
	expect(alice, "{'type':'error','code':'try_again'}");
	expect_close(alice, 1013, "try_again");
	assert_int_equal(engine_stats(h->engine).online, 1);
	lose(alice);
	enter(alice, GREETING(.session = true));
	expect_message(alice, "x");
	expect(bob, "{'type':'ack'}");
	expect_nothing(bob);
}

TEST(an_ack_that_was_not_stored_brings_the_push_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	send_to(alice, bob->pubkey, "x", NULL);
	fail_commits(h, ERR_TRY_AGAIN);
	ack_push(bob, expect_message(bob, "x"));
	advance(h, 50);
	expect_nothing(bob);
	/* Though nobody says anything. */
	advance(h, 1000);
	ack_push(bob, expect_message(bob, "x"));
	store_now(h);
	assert_int_equal(count(h->f, "message"), 0);
	advance(h, 600000);
	expect_nothing(bob);
}

TEST(a_write_that_was_not_stored_brings_the_push_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(.capabilities = "[]"));
	send_to(alice, bob->pubkey, "x", NULL);
	fail_commits(h, ERR_TRY_AGAIN);
	written(bob, bob->first->mark);
	expect_message(bob, "x");
	advance(h, 50);
	advance(h, 1000);
	expect_message(bob, "x");
}

TEST(what_waits_survives_timers_that_were_not_stored)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob"), *next = twin(bob);

	forget(alice);
	lose(bob);
	send_to(alice, bob->session_pubkey, "x", NULL);
	expect(alice, "{'queued':true}");
	fail_commits(h, ERR_TRY_AGAIN);
	advance(h, 90000);
	/* The presence is over all the same, and that is told. */
	expect(alice, "{'event':'peer_left'}");
	assert_int_equal(engine_stats(h->engine).failed_commits, 1);
	enter(next, GREETING(.session = true, .session_id = "next"));
	expect_nothing(next);
	/* The session has its 90 seconds again, then the member takes it. */
	advance(h, 91000);
	expect_message(next, "x");
}

TEST(an_attestation_that_ends_in_a_failed_batch_still_closes)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice");

	enter(alice, GREETING(.session = true, .attested_ms = 5000));
	fail_commits(h, ERR_TRY_AGAIN);
	advance(h, 5000);
	expect_close(alice, 1000, "attestation_expired");
	assert_int_equal(engine_stats(h->engine).presences, 0);
}

TEST(a_poisonous_event_fails_alone)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob"), *bad = stranger(m, "bad");
	struct peer *gone = arrive(m, "gone");

	forget_all(h);
	/* The store has a row that memory does not know of. */
	sql(h, arena_printf(a, "INSERT INTO mailbox (no, mesh_no, member_no, pubkey, session, seen_ms,"
		    " attestation) SELECT 999999, mesh_no, 1, '%s', 1, 0, 'x' FROM member LIMIT 1", bad->pubkey));
	h->n_answers = 0;
	hold(h);
	send_to(alice, bob->pubkey, "1", NULL);
	call(h, "join", "", join_body(m, bad));
	lose(gone);
	greet(bob, GREETING(0));
	send_to(alice, bob->pubkey, "2", NULL);
	release(h);
	assert_int_equal(h->n_answers, 1);
	assert_true(h->answers[0].status >= 400);
	expect(alice, "{'type':'ack','id':'1','queued':true}");
	expect(alice, "{'event':'peer_joined'}");
	expect(alice, "{'type':'ack','id':'2','queued':true}");
	expect(bob, "{'type':'hello_ack'}");
	expect_message(bob, "1");
	expect_message(bob, "2");
	expect_nothing(bob);
	assert_int_equal(engine_stats(h->engine).failed_commits, 1);
}

/* ---- each call to the database fails in turn ---- */

static int persist(struct house *h, const char *op, const char *param, str body)
{
	int status = 0;

	for (int i = 0; i < 3; i++) {
		status = call(h, op, param, body);
		if (status < 500)
			break;
	}
	return status;
}

static void persist_hello(struct peer *p, const struct greeting *g)
{
	for (int i = 0; i < 3 && !p->admitted; i++) {
		p->place->house->at.us += 1000;
		forget(p);
		greet(p, g);
	}
	assert_true(p->admitted);
	expect(p, "{'type':'hello_ack'}");
}

static void persist_send(struct peer *from, const char *target, const char *id)
{
	struct arena *a = from->place->house->a;
	const struct json *ack, *want;

	assert_ok(json_parse(a, S("{\"type\":\"ack\",\"queued\":true}"), &want));
	for (int i = 0; i < 3; i++) {
		forget(from);
		send_to(from, target, id, NULL);
		/* It may be told something else before. */
		while (pending(from)) {
			ack = expect(from, "{}");
			if (matches(ack, want))
				return;
		}
	}
	fail();
}

static void persist_ack(struct peer *p, struct house *h)
{
	bool got = false;

	for (int i = 0; i < 6; i++) {
		while (pending(p)) {
			const struct json *frame = expect(p, "{}");

			if (!str_starts(json_get_str(frame, S("client_message_id")), S("x")))
				continue;
			got = true;
			ack_push(p, frame);
		}
		advance(h, 31000);
	}
	assert_true(got);
}

/* What two newcomers do on their first day. True if the plan's call was reached. */
static bool first_day(struct db_fault plan)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place_plan(h, "team");
	struct peer *owner = stranger(m, "owner"), *alice = stranger(m, "alice"), *bob = stranger(m, "bob");
	struct peer *dear[] = { owner, alice, bob };
	struct invite_row *row;
	bool reached;

	db_fault(h->f->db, &h->f->plan);
	h->f->plan = plan;
	assert_int_equal(persist(h, "mesh_create", "", create_body(m, owner)), 200);
	invite_plan(m, 2, 7);
	assert_int_equal(persist(h, "invite_create", m->slug, invite_body(m)), 200);
	assert_int_equal(persist(h, "join", "", join_body(m, alice)), 200);
	assert_int_equal(persist(h, "claim", m->code, claim_body(m, bob)), 200);
	assert_int_equal(persist(h, "join", "", join_body(m, stranger(m, "late"))), 400);
	persist_hello(alice, GREETING(0));
	persist_send(alice, bob->pubkey, "x1");
	persist_hello(bob, GREETING(.session = true));
	persist_send(alice, bob->session_pubkey, "x2");
	persist_ack(bob, h);
	reached = h->f->plan.calls >= plan.fail_at;
	h->f->plan = (struct db_fault){ 0 };
	assert_ok(store_invite_by_code(h->f->st, a, str_from(m->code), &row));
	assert_int_equal(row->uses, 2);
	assert_int_equal(count(h->f, "delivery"), 0);
	assert_int_equal(count(h->f, "message"), 0);
	/* However often they were sent: also when a commit failed only for who looked (D-14). */
	assert_int_equal(count(h->f, "receipt"), 2);
	assert_int_equal(count(h->f, "receipt_end"), 2);
	assert_int_equal(count(h->f, "mesh"), 1);
	assert_int_equal(count(h->f, "member"), 3);
	assert_int_equal(count(h->f, "mailbox"), 4);
	assert_int_equal(count(h->f, "topic_member"), 3);
	restart(h);
	for (size_t i = 0; i < ARRAY_LEN(dear); i++) {
		enter(dear[i], GREETING(0));
		expect_nothing(dear[i]);
	}
	assert_int_equal(engine_stats(h->engine).presences, 3);
	return reached;
}

TEST(whichever_call_fails_nothing_is_half_done)
{
	const struct db_fault plans[] = {
		{ .code = ERR_TRY_AGAIN }, { .code = ERR_TRY_AGAIN, .after = true }, { .code = ERR_INTERNAL },
		{ .code = ERR_INTERNAL, .after = true },
	};

	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		struct db_fault plan = plans[i];

		do
			plan.fail_at++;
		while (first_day(plan));
		assert_true(plan.fail_at > 30);
	}
}

TEST(while_nothing_can_be_stored_a_push_does_not_come_again_and_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	size_t pushes = 0;

	forget_all(h);
	send_to(alice, bob->pubkey, "x", NULL);
	fail_commits(h, ERR_TRY_AGAIN);
	h->f->plan.stays = true;
	for (int i = 0; i < 300; i++) {
		for (size_t n = pending(bob); n; n--) {
			const struct json *got = expect(bob, "{'type':'*'}");

			if (!str_eq(json_get_str(got, S("type")), S("push")))
				continue; /* the ack could not be stored */
			ack_push(bob, got);
			pushes++;
		}
		advance(h, 10);
	}
	/* The first, one for the ack that failed, then one a second. */
	assert_true(pushes > 2 && pushes < 7);
	fail_commits(h, 0);
	send_to(alice, bob->pubkey, "y", NULL);
	lose(bob);
	enter(bob, GREETING(0));
	ack_push(bob, expect_message(bob, "x"));
	ack_push(bob, expect_message(bob, "y"));
	expect_nothing(bob);
}

TEST(what_waits_is_not_forgotten_when_reading_again_fails_too)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	fail_commits(h, ERR_TRY_AGAIN);
	fail_commits(h, 0);
	forget_all(h);
	for (int n = 1; n < 10; n++) {
		send_to(alice, bob->pubkey, text(a, "%d", n).ptr, NULL);
		h->f->plan = (struct db_fault){ .fail_at = 1, .code = ERR_TRY_AGAIN, .commits_only = true };
		ack_push(bob, expect(bob, "{'type':'push'}"));
		store_now(h);
		expect_nothing(bob);
		/* Nobody does anything; the first attempt fails at its nth call. */
		h->f->plan = (struct db_fault){ .fail_at = n, .code = ERR_TRY_AGAIN };
		advance(h, 1000);
		h->f->plan = (struct db_fault){ 0 };
		advance(h, 2000);
		ack_push(bob, expect_message(bob, text(a, "%d", n).ptr));
		expect_nothing(bob);
	}
}

TEST_MAIN("engine/batch")
