/*
 * dispatch.c - the engine with the owner, an admin and a member of one mesh, and whatever they say.
 *
 * The input is a conversation, a line a turn; the first character says what happens:
 *   0 1 2   the rest of the line is a frame of that peer's connection
 *   a b c   that peer says hello again; the rest are more members of its hello
 *   x y z   its connection is lost          p q r   it hangs up
 *   w       all connections took what they were sent
 *   t       half a minute passes            ( and )  turns in between make one batch
 *   u v i   the rest is the body of POST /join, /cli/mesh/create, an invite to mesh "mesh"
 * $m in a line is the id of the message that was accepted last, $p its first eight characters.
 * The engine must neither crash nor send anything but JSON, and answer everybody at the end who was not
 * banned and did not leave.
 */
#include <string.h>

#include "base/log.h"
#include "crypto/secret.h"
#include "db/sqlite.h"
#include "engine/engine.h"
#include "engine/op.h"
#include "engine/prove.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PEERS = 3, TURNS_MAX = 400, BATCH_MAX = 64, LINE_MAX_BYTES = 1 << 20 };
#define MESH_ID "0123456789abcdefghijklmnopqrstuv"

struct talk {
	struct arena *a;
	struct clock_fixed at;
	struct clock clock;
	struct random_seed seed;
	struct random random;
	struct engine *engine;
	struct conn_ref conn[PEERS];
	u32 slots;
	u64 mark;
	bool answered[PEERS];
	str accepted;         /* the message that was accepted last */
	struct event *batch[BATCH_MAX];
	size_t n;
	bool collecting;
};

static struct db *db;
static struct store *store;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz/dispatch: %s\n", what);
	abort();
}

static void must(const struct err *e)
{
	if (e)
		fprintf(stderr, "fuzz/dispatch: %.*s\n", STRF(e->text));
	check(!e, "the store failed");
}

static str repeat(struct arena *a, char c, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memset(p, c, n);
	return str_of(p, n);
}

static void make_mesh(struct arena *a)
{
	i64 now_ms = 1700000000000;

	store_mesh_add(store, &(struct mesh_row){ .no = store_next(store, NUMBER_MESH), .id = S(MESH_ID),
		       .slug = S("mesh"), .name = S("mesh"), .owner_pubkey = repeat(a, '0', 64),
		       .created_ms = now_ms });
	for (int i = 0; i < PEERS; i++) {
		i64 no = store_next(store, NUMBER_MEMBER);
		str pubkey = repeat(a, (char)('a' + i), 64);

		store_member_add(store, &(struct member_row){ .no = no, .mesh_no = 1, .id = repeat(a, (char)('A' + i), 32),
				 .pubkey = pubkey, .name = repeat(a, (char)('A' + i), 3),
				 .role = i < 2 ? S("admin") : S("member"), .invite_no = i, .created_ms = now_ms });
		store_mailbox_add(store, &(struct mailbox_row){ .no = store_next(store, NUMBER_MAILBOX), .mesh_no = 1,
				  .member_no = no, .pubkey = pubkey, .seen_ms = now_ms });
	}
	must(store_commit(store, a));
}

/* Once: a store with the mesh. Each input leaves it as it was. */
static void start(void)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	if (store)
		return;
	check(crypto_start(), "no randomness");
	log_setup(LOG_OFF, LOG_TEXT, 2, "fuzz");
	must(db_open(a, &db_sqlite, S(":memory:"), &db));
	must(store_migrate(a, db));
	must(store_open(a, db, &store));
	make_mesh(a);
}

static void clean(struct arena *a)
{
	must(db_begin(db, a));
	must(db_exec(db, a, S("DELETE FROM message; DELETE FROM delivery; DELETE FROM signature_seen;"
			      "DELETE FROM mailbox WHERE no > 3; DELETE FROM member WHERE no > 3;"
			      "DELETE FROM mesh WHERE no > 1; DELETE FROM invite; DELETE FROM receipt;"
			      "DELETE FROM receipt_end; DELETE FROM receipt_run; DELETE FROM receipt_key;"
			      "DELETE FROM topic; DELETE FROM topic_member; DELETE FROM topic_bar; DELETE FROM topic_copy;"
			      "DELETE FROM topic_epoch; DELETE FROM topic_post;"
			      "DELETE FROM notification; DELETE FROM skill; DELETE FROM api_key; DELETE FROM device_code;"
			      "DELETE FROM audit; DELETE FROM peer_grant; DELETE FROM member_permission;"
			      "DELETE FROM job; DELETE FROM account_member;"
			      "UPDATE mesh SET slug = 'mesh', name = 'mesh', archived_ms = 0;"
			      "UPDATE member SET status = NULL, summary = NULL, groups = NULL, revoked_ms = 0, banned_ms = 0,"
			      " tokens_ms = 0, role = CASE no WHEN 3 THEN 'member' ELSE 'admin' END,"
			      " name = CASE no WHEN 1 THEN 'AAA' WHEN 2 THEN 'BBB' ELSE 'CCC' END;")));
	must(db_commit(db, a));
}

static void take(struct talk *t, const struct effect *fx)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct json *frame;

	t->mark = MAX(t->mark, fx->mark);
	if (!fx->block)
		return;
	if (json_parse(a, block_str(fx->block), &frame)) {
		fprintf(stderr, "%.*s\n", STRF(block_str(fx->block)));
		check(false, "what was sent is not JSON");
	}
	if (str_eq(json_get_str(frame, S("type")), S("ack")) && json_get_str(frame, S("messageId")).len)
		t->accepted = arena_dup(t->a, json_get_str(frame, S("messageId")));
	for (int i = 0; i < PEERS; i++)
		if (fx->n_to == 1 && conn_ref_eq(fx->to[0], t->conn[i]) &&
		    str_eq(json_get_str(frame, S("_reqId")), S("fence")))
			t->answered[i] = true;
}

static void flush(struct talk *t)
{
	struct effects *fx = engine_step(t->engine, t->batch, t->n);

	for (size_t i = 0; i < fx->n; i++)
		take(t, &fx->items[i]);
	effects_free(fx);
	for (size_t i = 0; i < t->n; i++)
		event_free(t->batch[i]);
	t->n = 0;
}

static void submit(struct talk *t, struct event *ev)
{
	t->batch[t->n++] = ev;
	if (!t->collecting || t->n == BATCH_MAX)
		flush(t);
}

static void hello(struct talk *t, int peer, str more)
{
	str frame;
	struct event *ev;

	t->at.us += 1000;
	t->conn[peer] = (struct conn_ref){ 0, ++t->slots, 1 };
	frame = arena_printf(t->a, "{\"type\":\"hello\",\"meshId\":\"" MESH_ID "\",\"memberId\":\"\",\"pubkey\":\"%.*s\","
			     "\"sessionId\":\"%d\",\"timestamp\":%lld,\"signature\":\"%0128u\"%s%.*s}",
			     STRF(repeat(t->a, (char)('a' + peer), 64)), peer, (long long)(t->at.us / 1000), t->slots,
			     more.len ? "," : "", STRF(more));
	ev = event_new(EVENT_HELLO, t->conn[peer], frame, STR_NONE);
	ev->proof.signed_by_key = true;
	memset(ev->proof.pubkey, 'a' + peer, 64);
	submit(t, ev);
}

static void closed(struct talk *t, int peer, bool clean_close)
{
	struct event *ev = event_new(EVENT_CLOSED, t->conn[peer], STR_NONE, STR_NONE);

	ev->clean = clean_close;
	submit(t, ev);
}

static void call(struct talk *t, const char *name, str body)
{
	const struct op *op = op_find(str_from(name), OP_CALL);
	struct proof proof;
	struct event *ev;

	if (prove_call(t->a, op, body, S("mesh"), t->at.us / 1000, &proof))
		return;
	ev = event_new(EVENT_CALL, (struct conn_ref){ 0, ++t->slots, 2 }, body, S("mesh"));
	ev->op = op;
	ev->proof = proof;
	ev->may_create = true;
	submit(t, ev);
}

static void all_written(struct talk *t)
{
	for (int i = 0; i < PEERS; i++) {
		struct event *ev = event_new(EVENT_WRITTEN, t->conn[i], STR_NONE, STR_NONE);

		ev->mark = t->mark;
		submit(t, ev);
	}
}

static str fill_in(struct talk *t, str line)
{
	CLEANUP(buf_done) struct buf b = buf_make(LINE_MAX_BYTES);

	for (size_t i = 0; i < line.len; i++) {
		char next = line.ptr[i] == '$' && i + 1 < line.len ? line.ptr[i + 1] : 0;

		if (t->accepted.len && (next == 'm' || next == 'p')) {
			buf_add(&b, next == 'm' ? t->accepted : str_of(t->accepted.ptr, 8));
			i++;
		} else {
			buf_add_byte(&b, line.ptr[i]);
		}
	}
	return arena_dup(t->a, buf_str(&b));
}

static void turn(struct talk *t, str line)
{
	char c = line.len ? line.ptr[0] : 'w';
	str rest = fill_in(t, str_skip(line, 1));

	switch (c) {
	case '0': case '1': case '2':
		submit(t, event_new(EVENT_FRAME, t->conn[c - '0'], rest, STR_NONE));
		break;
	case 'a': case 'b': case 'c': hello(t, c - 'a', rest); break;
	case 'x': case 'y': case 'z': closed(t, c - 'x', false); break;
	case 'p': case 'q': case 'r': closed(t, c - 'p', true); break;
	case 't': t->at.us += 30000000; flush(t); break;
	case '(': t->collecting = true; break;
	case ')': t->collecting = false; flush(t); break;
	case 'u': call(t, "join", rest); break;
	case 'i': call(t, "invite_create", rest); break;
	case 'v': call(t, "mesh_create", rest); break;
	default: all_written(t); break;
	}
}

/* As the store has it: banned, or left. */
static bool is_out(struct talk *t, int peer)
{
	struct member_row *rows;
	size_t n;

	must(store_members(store, t->a, 1, &rows, &n));
	for (size_t i = 0; i < n; i++)
		if (rows[i].pubkey.ptr[0] == 'a' + peer && str_eq(rows[i].pubkey, repeat(t->a, (char)('a' + peer), 64)))
			return rows[i].revoked_ms != 0;
	return true;
}

static void fence(struct talk *t)
{
	i64 here = 0;

	t->collecting = false;
	flush(t);
	for (int i = 0; i < PEERS; i++) {
		bool out = is_out(t, i);

		here += !out;
		hello(t, i, STR_NONE);
		submit(t, event_new(EVENT_FRAME, t->conn[i], S("{\"type\":\"list_peers\",\"_reqId\":\"fence\"}"), STR_NONE));
		check(t->answered[i] || out, "somebody gets no answer");
		check(!t->answered[i] || !out, "somebody who is out gets an answer");
	}
	check(engine_stats(t->engine).failed_commits == 0, "a batch was not stored");
	check(engine_stats(t->engine).presences >= here, "somebody is not here");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct talk t = { .a = a, .at.us = 1700000000000000, .seed.state = 1 };
	struct engine_settings settings = engine_settings_default();
	const struct keyfile keys = { { 1 } };
	str rest = str_of(data, size), line;

	start();
	t.clock = clock_fixed(&t.at);
	t.random = random_seeded(&t.seed);
	settings.window_messages = 4;
	settings.rate_per_minute = 0;
	must(engine_new(a, &t.clock, &t.random, store, &keys, &settings, &t.engine));
	for (int i = 0; i < PEERS; i++)
		hello(&t, i, STR_NONE);
	for (int i = 0; i < TURNS_MAX && str_cut(&rest, '\n', &line); i++)
		turn(&t, line);
	fence(&t);
	engine_free(t.engine);
	clean(a);
	return 0;
}
