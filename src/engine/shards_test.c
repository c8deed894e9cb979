/*
 * shards_test.c - two engines over one database: each mesh has one owner, calls reach it, and
 * nothing is lost, doubled or told twice on the way.
 */
#include "engine/harness_test.h"

#include "db/share.h"
#include "engine/op.h"
#include "engine/prove.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define DAY_MS ((i64)24 * 3600 * 1000)

enum { CITY_MAX = 3 };

/* A broker of several shards: what broker.c and the gate do, without threads. */
struct city {
	struct house *h;
	unsigned n;
	struct db *db[CITY_MAX];
	struct store *st[CITY_MAX];
	struct engine *engines[CITY_MAX]; /* the first is h->engine */
	struct db_fault plan[CITY_MAX];
	size_t forwards;
};

static unsigned shard_of(struct city *c, const struct event *ev)
{
	if (ev->kind == EVENT_CALL)
		return SHARD_HOUSE;
	if (ev->kind == EVENT_HELLO)
		return mesh_shard(str_from(ev->proof.mesh_id), c->n);
	for (struct peer *p = c->h->peers; p; p = p->next)
		if (conn_ref_eq(p->conn, ev->from))
			return mesh_shard(str_from(p->place->id), c->n);
	return SHARD_HOUSE;
}

static void run_at(struct city *c, unsigned shard, struct event **events, size_t n)
{
	struct effects *fx = engine_step(c->engines[shard], events, n);
	struct event *forwarded[HELD_MAX];
	unsigned to[HELD_MAX];
	size_t n_forwarded = 0;

	for (size_t i = 0; i < fx->n; i++) {
		if (fx->items[i].kind != EFFECT_FORWARD)
			continue;
		/* From the house, or in order of their numbers (account_mesh.c). */
		assert_true(fx->items[i].code > (int)shard);
		to[n_forwarded] = (unsigned)fx->items[i].code;
		forwarded[n_forwarded++] = event_forwarded(block_str(fx->items[i].block));
	}
	take_effects(c->h, fx);
	for (size_t i = 0; i < n_forwarded; i++) {
		assert_int_not_equal(to[i], shard);
		c->forwards++;
		run_at(c, to[i], &forwarded[i], 1);
		event_free(forwarded[i]);
	}
}

static void run(struct house *h, struct event **events, size_t n)
{
	struct city *c = h->run_arg;
	struct event *own[HELD_MAX];

	for (unsigned shard = 0; shard < c->n; shard++) {
		size_t n_own = 0;

		for (size_t i = 0; i < n; i++)
			if (shard_of(c, events[i]) == shard)
				own[n_own++] = events[i];
		if (n_own || !n)
			run_at(c, shard, own, n_own);
	}
}

static void city_stop(struct city *c)
{
	for (unsigned i = 1; i < c->n; i++) {
		engine_free(c->engines[i]);
		store_close(c->st[i]);
		db_close(c->db[i]);
		c->engines[i] = NULL;
	}
	c->n = 1;
}

static void city_start(struct city *c, unsigned n)
{
	struct house *h = c->h;

	engine_free(h->engine);
	h->engine = NULL;
	if (c->st[0] && !test_is("memory")) {
		fixture_close(h->f);
		fixture_open(h->f);
	} else if (c->st[0]) {
		store_close(h->f->st);
		assert_ok(store_open(h->a, h->f->db, &h->f->st));
	}
	if (!test_is("pg") && !(c->st[0] && test_is("memory")))
		db_share(h->f->db);
	c->db[0] = h->f->db;
	c->st[0] = h->f->st;
	h->settings.shards = c->n = n;
	for (unsigned i = 0; i < n; i++) {
		if (i) {
			assert_ok(db_open_beside(h->a, h->f->db, i, &c->db[i]));
			c->st[i] = store_open_beside(c->db[i], c->st[0]);
		}
		h->settings.shard = i;
		assert_ok(engine_new(h->a, &h->clock, &h->random, c->st[i], &h->keys, &h->settings,
				     &c->engines[i]));
	}
	h->engine = c->engines[0];
}

static void pass(struct city *c, i64 ms)
{
	struct house *h = c->h;
	bool due = true;

	h->at.us += ms * 1000;
	while (due) {
		due = false;
		for (unsigned i = 0; i < c->n; i++) {
			run_at(c, i, NULL, 0);
			due = due || engine_next_ms(c->engines[i]) <= clock_mono_ms(&h->clock);
		}
	}
}

/* As after a restart, with another number of shards. */
static void rebuild(struct city *c, unsigned n)
{
	pass(c, 60); /* what waits for a commit has it */
	city_stop(c);
	for (struct peer *p = c->h->peers; p; p = p->next)
		p->admitted = false;
	city_start(c, n);
}

static void city_close(void *arg)
{
	city_stop(arg);
}

static struct city *city(struct arena *a)
{
	struct city *c = NEW(a, struct city);

	c->h = house(a);
	c->h->run = run;
	c->h->run_arg = c;
	city_start(c, 2);
	arena_defer(a, city_close, c);
	return c;
}

/* A mesh of that shard. */
static struct place *place_on(struct city *c, unsigned shard, const char *slug)
{
	struct place *m;

	do
		m = place_plan(c->h, slug);
	while (mesh_shard(str_from(m->id), c->n) != shard);
	call(c->h, "mesh_create", "", create_body(m, stranger(m, "owner")));
	expect_answer(c->h, 200, "{'id':'*','member_id':'*'}");
	invite(m, 1000, 30);
	return m;
}

static void fail_commit(struct city *c, unsigned shard, struct db_fault plan)
{
	static const struct db_fault fault = { .fail_at = 1, .commits_only = true, .code = ERR_TRY_AGAIN };

	if (!c->plan[shard].calls && !c->plan[shard].fail_at)
		db_fault(c->db[shard], &c->plan[shard]);
	c->plan[shard] = fault;
	c->plan[shard].after = plan.after;
	c->plan[shard].word = plan.word;
}

static i64 meshes(const struct city *c, unsigned shard)
{
	return engine_stats(c->engines[shard]).meshes;
}

TEST(each_mesh_lives_in_its_shard_only)
{
	ARENA;
	struct city *c = city(a);
	struct engine_stats sum = { 0 };

	for (unsigned shard = 0; shard < 2; shard++) {
		struct place *m = place_on(c, shard, shard ? "one" : "zero");
		struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob");

		forget_all(c->h);
		send_to(alice, bob->session_pubkey, "x", NULL);
		expect(alice, "{'queued':true,'delivery':'live'}");
		ack_push(bob, expect_message(bob, "x"));
		say(alice, "{'type':'list_peers','_reqId':'r'}");
		expect(alice, "{'type':'peers_list'}");
		expect_nothing(alice);
		assert_int_equal(meshes(c, shard), 1);
	}
	for (unsigned shard = 0; shard < 2; shard++) {
		struct engine_stats one = engine_stats(c->engines[shard]);

		assert_true(one.meshes == 1 && one.online == 2 && one.accepted == 1 && one.acked == 1);
		engine_stats_add(&sum, &one);
	}
	assert_true(sum.meshes == 2 && sum.online == 4 && sum.accepted == 2 && !sum.db_down);
}

/* What the house made for another shard is not in its memory afterwards, and the repeated
 * request is answered all the same. */
TEST(calls_reach_the_owner_once)
{
	ARENA;
	struct city *c = city(a);
	struct house *h = c->h;

	for (unsigned shard = 0; shard < 2; shard++) {
		struct place *m = place_on(c, shard, shard ? "one" : "zero");
		struct peer *p = stranger(m, "p"), *q = stranger(m, "q");
		const struct { const char *op, *param; str body; size_t forwards; } calls[] = {
			{ "mesh_create", "", create_body(m, stranger(m, "x")), 0 }, /* taken: another creator */
			{ "invite_create", m->slug, invite_body(m), shard },        /* once more */
			{ "invite_code", m->code, STR_NONE, 0 },
			{ "claim", m->code, claim_body(m, p), shard },
			{ "claim", m->code, claim_body(m, p), shard },
			{ "join", "", join_body(m, q), shard },
		};

		for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
			size_t answers = h->n_answers, forwards = c->forwards;

			print_message("# shard %u, %s\n", shard, calls[i].op);
			call(h, calls[i].op, calls[i].param, calls[i].body);
			assert_int_equal(h->n_answers, answers + 1);
			assert_int_equal(h->answers[answers].status, i ? 200 : 409);
			assert_int_equal(c->forwards, forwards + calls[i].forwards);
		}
		assert_int_equal(meshes(c, !shard), shard ? 1 : 0); /* nobody has used shard 1 before */
	}
	assert_int_equal(count(h->f, "mesh"), 2);
	assert_int_equal(count(h->f, "member"), 6);
	assert_int_equal(count(h->f, "invite"), 2);
}

TEST(a_lost_answer_to_creation_is_given_again)
{
	ARENA;
	struct city *c = city(a);
	struct place *m;
	struct peer *owner;
	str first;

	do
		m = place_plan(c->h, "one");
	while (mesh_shard(str_from(m->id), 2) != 1);
	owner = stranger(m, "owner");
	call(c->h, "mesh_create", "", create_body(m, owner));
	expect_answer(c->h, 200, "{'slug':'one'}");
	first = c->h->answers[c->h->n_answers - 1].body;
	call(c->h, "mesh_create", "", create_body(m, owner));
	assert_int_equal(c->h->answers[c->h->n_answers - 1].status, 200);
	assert_str(c->h->answers[c->h->n_answers - 1].body, first);
	assert_int_equal(meshes(c, 0) + meshes(c, 1), 0);
}

/* The house's commit and the owner's: who asked hears one answer, and a forwarded call is not
 * carried out if what was decided with it at the house was not stored. */
TEST(a_call_is_answered_once_whoever_cannot_store)
{
	ARENA;
	struct city *c = city(a);
	struct house *h = c->h;
	struct place *m = place_on(c, 1, "one"), *made = place_plan(h, "made");
	struct peer *p = stranger(m, "p");
	i64 members = count(h->f, "member");

	for (int again = 0; again < 2; again++) {
		fail_commit(c, 0, (struct db_fault){ .after = again });
		h->n_answers = c->forwards = 0;
		hold(h);
		call(h, "mesh_create", "", create_body(made, stranger(made, "o")));
		call(h, "join", "", join_body(m, p));
		release(h);
		assert_int_equal(h->n_answers, 2);
		assert_int_equal(h->answers[0].status, 503);
		assert_int_equal(h->answers[1].status, 503);
		assert_int_equal(c->forwards, 0);
		assert_int_equal(count(h->f, "member"), members + again);
		made = place_plan(h, "other");
	}
	for (int again = 0; again < 2; again++) {
		fail_commit(c, 1, (struct db_fault){ .after = again });
		h->n_answers = c->forwards = 0;
		call(h, "join", "", join_body(m, p));
		assert_int_equal(h->n_answers, 1);
		assert_int_equal(h->answers[0].status, 503);
		assert_int_equal(c->forwards, 1);
	}
	call(h, "join", "", join_body(m, p));
	expect_answer(h, 200, "{'ok':true,'alreadyMember':true}"); /* the last one was stored after all */
}

TEST(a_batch_that_lost_a_race_runs_again)
{
	ARENA;
	struct city *c = city(a);
	struct place *m = place_on(c, 1, "one");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(c->h);
	hold(c->h);
	send_to(alice, bob->pubkey, "x", NULL);
	send_to(alice, bob->pubkey, "y", NULL);
	fail_commit(c, 1, (struct db_fault){ .word = DB_LOST_RACE });
	release(c->h);
	expect(alice, "{'type':'ack','id':'x','queued':true,'duplicate':null}");
	expect(alice, "{'type':'ack','id':'y','queued':true,'duplicate':null}");
	expect_nothing(alice);
	ack_push(bob, expect_message(bob, "x"));
	ack_push(bob, expect_message(bob, "y"));
	expect_nothing(bob);
	pass(c, 60);
	assert_int_equal(count(c->h->f, "receipt"), 2);
	assert_int_equal(count(c->h->f, "delivery"), 0);
	assert_false(engine_stats(c->engines[1]).db_down);
}

TEST(guesses_are_counted_at_the_house)
{
	ARENA;
	struct city *c = city(a);
	struct place *m = place_on(c, 1, "one"), other = *m;
	struct peer *p = stranger(m, "p");

	memset(other.id, 'x', ID_LEN); /* signed for another mesh: not the link's secret */
	for (int i = 0; i < GUESS_BURST; i++) {
		call(c->h, "claim", m->code, claim_body(&other, p));
		assert_int_equal(c->h->answers[c->h->n_answers - 1].status, 400);
	}
	assert_int_equal(c->forwards, 1); /* only the invite's making */
	call(c->h, "claim", m->code, claim_body(&other, p));
	assert_int_equal(c->h->answers[c->h->n_answers - 1].status, 429);
	call(c->h, "claim", m->code, claim_body(m, p));
	assert_int_equal(c->h->answers[c->h->n_answers - 1].status, 429);
	assert_null(c->engines[1]->guesses);
	pass(c, 60000);
	call(c->h, "claim", m->code, claim_body(m, p));
	assert_int_equal(c->h->answers[c->h->n_answers - 1].status, 200);
}

/* Nothing sends these; if something did, nothing would come of it. */
TEST(what_comes_to_the_wrong_shard_ends_there)
{
	ARENA;
	struct city *c = city(a);
	struct place *m = place_on(c, 1, "one");
	struct peer *p = stranger(m, "p"), *alice = newcomer(m, "alice");
	str body = join_body(m, p), hello = hello_frame(alice, GREETING(0));
	struct event *ev = event_new(EVENT_CALL, (struct conn_ref){ 0, 900, 2 }, body, STR_NONE), *again;

	ev->op = op_find(S("join"), OP_CALL);
	ev->proof.signed_by_key = true;
	again = event_forwarded(event_bytes(ev));
	c->forwards = c->h->n_answers = 0;
	run_at(c, 0, &again, 1);
	assert_int_equal(c->forwards, 0);
	assert_int_equal(c->h->n_answers, 1);
	assert_int_equal(c->h->answers[0].status, 500);
	event_free(again);
	event_free(ev);
	alice->conn = (struct conn_ref){ 0, 901, 1 };
	ev = event_new(EVENT_HELLO, alice->conn, hello, STR_NONE);
	assert_ok(prove_hello(a, hello, S("challenge"), clock_ms(&c->h->clock), &ev->proof));
	run_at(c, 0, &ev, 1);
	assert_false(alice->admitted);
	expect(alice, "{'type':'error','code':'internal'}");
	assert_int_equal(meshes(c, 0), 0);
	event_free(ev);
}

TEST(each_shard_tells_of_what_expired_in_its_meshes)
{
	ARENA;
	struct city *c = city(a);
	struct peer *senders[2];

	for (unsigned shard = 0; shard < 2; shard++) {
		struct place *m = place_on(c, shard, shard ? "one" : "zero");
		struct peer *bob = newcomer(m, "bob");

		senders[shard] = newcomer(m, "alice");
		enter(senders[shard], GREETING(.capabilities = "['client_ack','receipts']"));
		send_to(senders[shard], bob->pubkey, "x", NULL);
	}
	forget_all(c->h);
	pass(c, 8 * DAY_MS);
	pass(c, 60000);
	for (unsigned shard = 0; shard < 2; shard++) {
		expect(senders[shard], "{'type':'message_state','client_message_id':'x',"
				       "'recipients':[{'name':'bob','state':'expired'}]}");
		expect_nothing(senders[shard]);
		assert_int_equal(engine_stats(c->engines[shard]).expired, 1);
		assert_int_equal(engine_stats(c->engines[shard]).waiting, 0);
	}
	assert_int_equal(count(c->h->f, "message") + count(c->h->f, "delivery"), 0);
	assert_int_equal(count(c->h->f, "receipt_end"), 2);
}

TEST(each_shard_drops_its_own_mailboxes)
{
	ARENA;
	struct city *c = city(a);
	struct peer *sessions[2], *kept[2];
	i64 boxes;

	for (unsigned shard = 0; shard < 2; shard++) {
		struct place *m = place_on(c, shard, shard ? "one" : "zero");

		sessions[shard] = arrive_session(m, "session");
		kept[shard] = arrive_session(m, "kept");
	}
	boxes = count(c->h->f, "mailbox");
	for (unsigned shard = 0; shard < 2; shard++)
		hang_up(sessions[shard]);
	for (int day = 0; day < 9; day++) { /* those who are there are seen */
		for (unsigned shard = 0; shard < 2; shard++)
			enter(kept[shard], GREETING(.session = true));
		pass(c, DAY_MS);
	}
	pass(c, 600000);
	assert_int_equal(count(c->h->f, "mailbox"), boxes - 2);
	for (unsigned shard = 0; shard < 2; shard++)
		assert_int_equal(engine_stats(c->engines[shard]).mailboxes_pruned, 1);
	for (unsigned shard = 0; shard < 2; shard++) {
		enter(sessions[shard], GREETING(.session = true)); /* its key is free again */
		hang_up(sessions[shard]);
	}
	rebuild(c, 2);
	pass(c, 8 * DAY_MS); /* of a mesh that is not in memory, too */
	pass(c, 600000);
	assert_int_equal(meshes(c, 0) + meshes(c, 1), 0);
	assert_int_equal(count(c->h->f, "mailbox"), boxes - 4);
}

/* Order, dedupe and what waits do not depend on how many shards there were. */
TEST(the_number_of_shards_may_change)
{
	ARENA;
	static const unsigned shards[] = { 2, 1, 3, 2 };
	struct city *c = city(a);
	struct place *m[2] = { place_on(c, 0, "zero"), place_on(c, 1, "one") };
	struct peer *alice[2], *bob[2];
	char id[8];

	for (int i = 0; i < 2; i++) {
		alice[i] = newcomer(m[i], "alice");
		bob[i] = newcomer(m[i], "bob");
	}
	for (size_t k = 0; k < ARRAY_LEN(shards); k++) {
		if (k)
			rebuild(c, shards[k]);
		for (int i = 0; i < 2; i++) {
			enter(alice[i], GREETING(0));
			snprintf(id, sizeof(id), "m%zu", k);
			send_to(alice[i], bob[i]->pubkey, id, NULL);
			expect(alice[i], "{'type':'ack','queued':true,'duplicate':null}");
			send_to(alice[i], bob[i]->pubkey, "m0", NULL);
			expect(alice[i], k ? "{'type':'ack','duplicate':true}" : "{'type':'ack','queued':true}");
		}
	}
	for (int i = 0; i < 2; i++) {
		enter(bob[i], GREETING(0));
		for (size_t k = 0; k < ARRAY_LEN(shards); k++) {
			snprintf(id, sizeof(id), "m%zu", k);
			ack_push(bob[i], expect_message(bob[i], id));
		}
		expect_nothing(bob[i]);
	}
}

/* The same member key in meshes of two shards. */
TEST(nothing_crosses_from_shard_to_shard)
{
	ARENA;
	struct city *c = city(a);
	struct place *m[2] = { place_on(c, 0, "zero"), place_on(c, 1, "one") };
	struct peer *alice[2], *bob[2];

	for (int i = 0; i < 2; i++) {
		alice[i] = stranger(m[i], "alice");
		bob[i] = stranger(m[i], "bob");
		if (i) {
			alice[1]->member = alice[0]->member;
			bob[1]->member = bob[0]->member;
			memcpy(alice[1]->pubkey, alice[0]->pubkey, sizeof(alice[1]->pubkey));
			memcpy(bob[1]->pubkey, bob[0]->pubkey, sizeof(bob[1]->pubkey));
		}
		join(alice[i]);
		join(bob[i]);
		enter(alice[i], GREETING(0));
		enter(bob[i], GREETING(0));
	}
	forget_all(c->h);
	for (int i = 0; i < 2; i++) {
		send_to(alice[i], bob[i]->pubkey, "same", NULL); /* one client id in two meshes: two messages */
		expect(alice[i], "{'queued':true,'duplicate':null}");
		expect_message(bob[i], "same");
		expect_nothing(bob[!i]);
		send_to(alice[i], "*", "all", NULL);
		expect(alice[i], "{'queued':true,'recipients':1}");
		expect_message(bob[i], "all");
		expect_nothing(bob[!i]);
	}
	hang_up(bob[0]);
	expect(alice[0], "{'event':'peer_left'}");
	expect_nothing(alice[1]);
}

static str told(struct house *h, const char *key)
{
	return arena_dup(h->a, json_get_str(answer(h), str_from(key)));
}

/* Each shard adds what is its own, and the last one answers. */
TEST(meshes_of_an_account_are_gathered_from_their_shards)
{
	ARENA;
	struct city *c = city(a);
	struct house *h = c->h;
	struct peer *laptop = NULL;
	str code;

	rebuild(c, 3);
	call(h, "admin_login_code", "", S("{\"email\":\"ann@x.org\"}"));
	code = told(h, "code");
	assert_int_equal(call(h, "login_code", "", text(a, "{'email':'ann@x.org','code':'%.*s'}", STRF(code))), 200);
	h->bearer = told(h, "token");
	for (unsigned shard = 0; shard < 3; shard++) {
		char slug[] = { 'm', (char)('0' + shard), '\0' };
		struct place *m = place_on(c, shard, slug);

		laptop = laptop ? laptop : stranger(m, "laptop");
		arrive(m, "alice");
	}
	pass(c, 60);
	c->forwards = 0;
	assert_int_equal(call(h, "cli_meshes", "", S("")), 200);
	expect_answer(h, 200, "{'meshes':[{'slug':'m0','is_owner':true,'active_peers':1},"
		      "{'slug':'m1','is_owner':true,'active_peers':1},{'slug':'m2','is_owner':true,'active_peers':1}]}");
	assert_int_equal(c->forwards, 2);
	assert_int_equal(call(h, "cli_sync", "", text(a, "{'peer_pubkey':'%s','display_name':'laptop'}", laptop->pubkey)), 200);
	expect_answer(h, 200, "{'ok':true,'meshes':[{'slug':'m0','role':'admin'},{'slug':'m1','role':'admin'},"
		      "{'slug':'m2','role':'admin'}]}");
	/* A token for one sync is used up at the house, and the others go by that. */
	call(h, "cli_sync_token", "", S("{}"));
	code = told(h, "token");
	h->bearer = STR_NONE;
	assert_int_equal(call(h, "cli_sync", "", text(a, "{'sync_token':'%.*s','peer_pubkey':'%s','display_name':'l'}",
			      STRF(code), laptop->pubkey)), 200);
	assert_int_equal(json_get(answer(h), S("meshes"))->count, 3);
	/* The operator sees them all, and closes one where it is. */
	c->forwards = 0;
	assert_int_equal(call(h, "admin_meshes", "", S("{}")), 200);
	expect_answer(h, 200, "{'meshes':[{'slug':'m0','connections':1,'owner_email':'ann@x.org'},{'slug':'m1','connections':1},"
		      "{'slug':'m2','connections':1,'archived_at':null}]}");
	assert_int_equal(c->forwards, 2);
	assert_int_equal(call(h, "admin_mesh_archive", "", S("{\"mesh\":\"m2\"}")), 200);
	expect_answer(h, 200, "{'slug':'m2','archived':true}");
	call(h, "admin_meshes", "", S("{}"));
	expect_answer(h, 200, "{'meshes':[{'slug':'m0'},{'slug':'m1'},{'slug':'m2','connections':0,'archived_at':'*','deleted':false}]}");
}

TEST_MAIN("engine/shards")
