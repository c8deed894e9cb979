/*
 * audit_test.c - the audit log: what stands in it, who may read it, and that it neither loses an act
 * nor can be changed unseen.
 */
#include "engine/audit.h"

#include "crypto/encode.h"
#include "db/share.h"
#include "engine/harness_test.h"
#include "proto/audit.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* Who made the mesh. */
static struct peer *owner(struct place *m)
{
	struct peer *p = owner_of(m);

	if (!p->admitted)
		enter(p, GREETING(0));
	forget_all(m->house);
	return p;
}

static struct audit_row *rows_of(struct house *h, size_t *ret_n)
{
	struct audit_row *rows;

	store_now(h);
	assert_ok(store_audit_after(h->f->st, h->a, 1, 0, 1000, &rows, ret_n));
	return rows;
}

/* Every hash, computed here. */
static void check_chain(struct house *h, const char *mesh_id)
{
	size_t n;
	struct audit_row *rows = rows_of(h, &n);
	u8 hash[AUDIT_HASH_BYTES];

	for (size_t i = 0; i < n; i++) {
		audit_hash(h->a, &(struct audit_link){ str_from(mesh_id), rows[i].event, rows[i].actor,
			   rows[i].payload, rows[i].created_ms }, i ? hash : NULL, hash);
		assert_int_equal(rows[i].seq, i + 1);
		assert_str(rows[i].hash, str_of(hash, sizeof(hash)));
	}
}

static void verify(struct peer *p, const char *pattern)
{
	forget(p);
	say(p, "{'type':'audit_verify','_reqId':'v'}");
	for (int i = 0; i < 1000 && !pending(p); i++)
		advance(p->place->house, 1);
	expect(p, "{'type':'audit_verify_result','_reqId':'v',%s}", pattern);
}

static void make_key(struct peer *p, const char *answer)
{
	forget(p);
	say(p, "{'type':'apikey_create','label':'x','capabilities':['read'],'_reqId':'k'}");
	expect(p, "{'type':'%s','_reqId':'k'}", answer);
}

/* Behind the broker's back. */
static void sql(struct house *h, const char *text)
{
	assert_ok(db_begin(h->f->db, h->a));
	assert_ok(db_exec(h->f->db, h->a, str_from(text)));
	assert_ok(db_commit(h->f->db, h->a));
}

TEST(it_tells_of_what_happened_without_contents)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m), *alice = arrive_session(m, "alice");

	send_to(boss, alice->pubkey, "secret-text", NULL);
	make_key(boss, "apikey_created");
	hang_up(alice);
	forget(boss);
	say(boss, "{'type':'audit_query','limit':5}");
	expect(boss,
	       "{'type':'audit_result','entries':["
	       "{'eventType':'peer_left','actor':'alice','actorId':'%s','payload':{'session_pubkey':'%s'}},"
	       "{'eventType':'apikey_created','actor':'owner','payload':{'id':'*'},'hash':'*','createdAt':'*'},"
	       "{'eventType':'message_sent','payload':{'priority':'next','targetSpec':'%s'}},"
	       "{'eventType':'peer_joined','payload':{'groups':[],'pubkey':'%s','role':'session',"
	       "'session_pubkey':'%s','via':'session_hello','restored':null}},"
	       "{'eventType':'*'}]}",
	       alice->member_id, alice->session_pubkey, alice->pubkey, alice->pubkey, alice->session_pubkey);
	check_chain(h, m->id);
}

/* D-12: there a send without a priority broke the chain, which anybody could. */
TEST(d_12_no_send_of_a_member_breaks_the_chain)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m), *alice = arrive(m, "alice");
	static const char *const targets[] = { "*", "@all", "@g/\xc3\xa9|x", "@10", "#general", "#\xf0\x9f\x98\x80" };

	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		send_to(alice, targets[i], text(a, "x%zu", i).ptr, i % 2 ? NULL : "low");
	say(alice, "{'type':'join_group','name':'9','role':'|'}");
	say(alice, "{'type':'join_group','name':'10','role':'\\u0007\\\"'}");
	check_chain(h, m->id);
	verify(boss, "'valid':true,'brokenAt':null");
}

TEST(d_40_only_admins_read_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *eve = owner(other);
	static const char *const verbs[] = { "audit_query", "audit_verify", "audit_rows", "audit_checkpoint" };

	forget_all(h);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		say(alice, "{'type':'%s','_reqId':'r'}", verbs[i]);
		expect(alice, "{'type':'error','code':'forbidden','_reqId':'r'}");
	}
	/* An admin reads its own mesh's only. */
	say(eve, "{'type':'audit_rows'}");
	expect(eve, "{'meshId':'%s','rows':[%s]}", other->id,
	       "{'event':'mesh_created'},{'event':'member_joined'},{'event':'invite_created'},{'event':'peer_joined'}");
}

TEST(d_57_pages_are_bounded_and_filtered)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m), *alice = arrive(m, "alice");
	const struct json *got;
	i64 last;

	broadcast_many(alice, 600);
	make_key(boss, "apikey_created");
	make_key(boss, "apikey_created");
	forget_all(h);
	say(boss, "{'type':'audit_query','limit':1000000}");
	got = expect(boss, "{'type':'audit_result'}");
	assert_int_equal(json_get(got, S("entries"))->count, AUDIT_PAGE_MAX);
	last = json_get_int(got, S("total"), 0);
	say(boss, "{'type':'audit_query','limit':1,'offset':%lld}", (long long)last - 1);
	expect(boss, "{'entries':[{'id':1,'eventType':'mesh_created'}],'total':%lld}", (long long)last);
	say(boss, "{'type':'audit_query','limit':1,'offset':%lld}", (long long)last);
	expect(boss, "{'entries':[]}");
	say(boss, "{'type':'audit_query','limit':1,'offset':9223372036854775807}");
	expect(boss, "{'entries':[]}");
	say(boss, "{'type':'audit_query','limit':1,'beforeSeq':2}");
	expect(boss, "{'entries':[{'id':1}]}");
	say(boss, "{'type':'audit_query','eventType':'apikey_created','limit':1,'offset':1}");
	expect(boss, "{'entries':[{'id':%lld}],'total':2}", (long long)last - 1);
	say(boss, "{'type':'audit_query','eventType':'message_sent','limit':2,'offset':1}");
	expect(boss, "{'entries':[{'id':%lld},{'id':%lld}],'total':600}", (long long)last - 3, (long long)last - 4);
	say(boss, "{'type':'audit_query','eventType':'nonsense'}");
	expect(boss, "{'entries':[],'total':0}");
	say(boss, "{'type':'audit_query','eventType':'kicked','offset':10001,'_reqId':'r'}");
	expect(boss, "{'type':'error','code':'bad_request'}");
	say(boss, "{'type':'audit_query','limit':-1,'_reqId':'r'}");
	expect(boss, "{'type':'error','code':'bad_request'}");
	say(boss, "{'type':'audit_rows','afterSeq':%lld}", (long long)last - 2);
	expect(boss, "{'rows':[{'seq':%lld,'event':'apikey_created'},{'seq':%lld}],'last':%lld}", (long long)last - 1,
	       (long long)last, (long long)last);
	say(boss, "{'type':'audit_rows','afterSeq':9223372036854775807}");
	expect(boss, "{'rows':[],'last':%lld}", (long long)last);
	verify(boss, "'valid':true,'entries':608,'brokenAt':null");
}

/* ---- an act and its row are stored together ---- */

TEST(what_cannot_be_logged_is_not_done)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m);
	i64 before, keys = count(h->f, "api_key");
	size_t n;

	store_now(h);
	before = count(h->f, "audit");
	db_fault(h->f->db, &h->f->plan);
	/* Each call of the act fails once, the one that writes the row among them. */
	for (i64 at = 1; at < 100; at++) {
		h->f->plan = (struct db_fault){ .fail_at = at, .code = ERR_TRY_AGAIN };
		forget(boss);
		say(boss, "{'type':'apikey_create','label':'x','capabilities':['read'],'_reqId':'k'}");
		if (h->f->plan.calls < at)
			break;
		expect(boss, "{'type':'error','code':'try_again'}");
		h->f->plan = (struct db_fault){ 0 };
		assert_int_equal(count(h->f, "api_key"), keys);
		assert_int_equal(count(h->f, "audit"), before);
	}
	h->f->plan = (struct db_fault){ 0 };
	assert_int_equal(count(h->f, "api_key"), keys + 1);
	assert_str(rows_of(h, &n)[before].event, S("apikey_created"));
	assert_int_equal(n, before + 1);
	check_chain(h, m->id);
}

/* The commit is carried out, and its outcome is not told. */
TEST(after_an_unknown_outcome_the_chain_goes_on_from_what_is_stored)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m), *alice = arrive(m, "alice");

	db_fault(h->f->db, &h->f->plan);
	for (int i = 0; i < 3; i++) {
		h->f->plan = (struct db_fault){ .fail_at = 1, .code = ERR_TRY_AGAIN, .commits_only = true, .after = true };
		make_key(boss, "error");
		h->f->plan = (struct db_fault){ 0 };
		/* Nobody reads the mesh again before somebody leaves it. */
		hang_up(alice);
		enter(alice, GREETING(.session_id = text(a, "s%d", i).ptr));
		make_key(boss, "apikey_created");
	}
	check_chain(h, m->id);
	verify(boss, "'valid':true,'brokenAt':null");
}

TEST(the_chain_goes_on_after_a_start_and_after_the_mesh_left_memory)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m);

	make_key(boss, "apikey_created");
	restart(h);
	boss = owner(m);
	make_key(boss, "apikey_created");
	hang_up(boss);
	for (int i = 0; i < 20; i++)
		advance(h, 60000);
	assert_int_equal(engine_stats(h->engine).meshes, 0);
	boss = owner(m);
	make_key(boss, "apikey_created");
	check_chain(h, m->id);
	verify(boss, "'valid':true,'brokenAt':null");
}

/* ---- another writer ---- */

/* Adds the next row of the chain, on a connection of its own where there can be two. */
static void rival(struct house *h, const char *mesh_id)
{
	size_t n;
	struct audit_row *rows = rows_of(h, &n), row = rows[n - 1];
	u8 prev[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
	struct store *st = h->f->st;
	struct db *db = NULL;

	if (test_is("pg")) {
		assert_ok(db_open_beside(h->a, h->f->db, 1, &db));
		st = store_open_beside(db, h->f->st);
	}
	memcpy(prev, row.hash.ptr, sizeof(prev));
	row.seq++;
	row.event = S("kicked");
	audit_hash(h->a, &(struct audit_link){ str_from(mesh_id), row.event, row.actor, row.payload, row.created_ms },
		   prev, hash);
	row.hash = str_of(hash, sizeof(hash));
	store_audit_add(st, &row, false);
	assert_ok(store_commit(st, h->a));
	if (db) {
		store_close(st);
		db_close(db);
	}
}

TEST(two_writers_cannot_make_it_fork)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m);
	i64 keys;

	/* Alone it is refused, and done when it is said again. */
	rival(h, m->id);
	make_key(boss, "error");
	check_chain(h, m->id);
	make_key(boss, "apikey_created");
	/* In a batch it is carried out after all. */
	rival(h, m->id);
	keys = count(h->f, "api_key");
	hold(h);
	for (int i = 0; i < 3; i++)
		say(boss, "{'type':'apikey_create','label':'x','capabilities':['read'],'_reqId':'k'}");
	release(h);
	for (int i = 0; i < 3; i++)
		expect(boss, "{'type':'apikey_created'}");
	assert_int_equal(count(h->f, "api_key"), keys + 3);
	check_chain(h, m->id);
	verify(boss, "'valid':true,'brokenAt':null");
}

/* ---- what is changed behind its back ---- */

static const struct db_query set_row = { "SET_ROW", QUERY_COUNT, "sssbiii", "",
	"UPDATE audit SET event = $1, actor = $2, payload = $3, hash = $4, created_ms = $5"
	" WHERE mesh_no = $6 AND seq = $7" };

static void put(struct house *h, const struct audit_row *r)
{
	db_queue(h->f->db, &set_row, DB_VALUES(db_str(r->event), db_str(r->actor), db_str(r->payload),
					       db_blob(r->hash), V(r->created_ms), V(r->mesh_no), V(r->seq)));
	assert_ok(db_commit(h->f->db, h->a));
}

/* A text stays one. */
static str flipped(struct arena *a, str s, size_t at, unsigned bit)
{
	char *p = arena_cstr(a, s);

	p[at] = (char)(p[at] ^ (1 << bit));
	return str_of(p, s.len);
}

TEST(every_changed_byte_is_found)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m);
	size_t n;
	struct audit_row *rows = rows_of(h, &n);

	for (size_t i = 0; i < n; i++) {
		struct audit_row bad = rows[i];
		str *columns[] = { &bad.event, &bad.actor, &bad.payload, &bad.hash };

		for (size_t c = 0; c < ARRAY_LEN(columns); c++) {
			str good = *columns[c];

			for (size_t at = 0; at < good.len; at++) {
				*columns[c] = flipped(a, good, at, columns[c] == &bad.hash ? at % 8 : 0);
				put(h, &bad);
				verify(boss, arena_printf(a, "'valid':false,'brokenAt':%zu", i + 1).ptr);
			}
			*columns[c] = good;
		}
		for (unsigned bit = 0; bit < 62; bit++) {
			bad.created_ms = rows[i].created_ms ^ ((i64)1 << bit);
			put(h, &bad);
			verify(boss, arena_printf(a, "'valid':false,'brokenAt':%zu", i + 1).ptr);
		}
		put(h, &rows[i]);
	}
	verify(boss, "'valid':true,'brokenAt':null");
}

TEST(rows_that_are_missing_moved_or_put_in_are_found)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m);
	size_t n;
	struct audit_row *rows = rows_of(h, &n);

	assert_true(n >= 4);
	for (size_t i = 0; i < n; i++) {
		sql(h, arena_printf(a, "DELETE FROM audit WHERE seq = %zu", i + 1).ptr);
		verify(boss, arena_printf(a, "'valid':false,'entries':%zu,'brokenAt':%zu", n, i + 1).ptr);
		store_audit_add(h->f->st, &rows[i], false);
		commit(h->f);
	}
	for (size_t i = 1; i < n; i++) {
		struct audit_row one = rows[i - 1], two = rows[i];

		one.seq = (i64)i + 1;
		two.seq = (i64)i;
		put(h, &one);
		put(h, &two);
		verify(boss, arena_printf(a, "'valid':false,'brokenAt':%zu", i).ptr);
		put(h, &rows[i - 1]);
		put(h, &rows[i]);
	}
	/* All later rows pushed up, for one that was not there. */
	sql(h, "UPDATE audit SET seq = seq + 100 WHERE seq >= 2");
	sql(h, "INSERT INTO audit SELECT mesh_no, 2, event, actor, payload, hash, created_ms FROM audit WHERE seq = 1");
	sql(h, "UPDATE audit SET seq = seq - 99 WHERE seq > 100");
	verify(boss, "'valid':false,'brokenAt':2");
}

/* After a start the broker has no more than the store; who kept a checkpoint has. */
TEST(a_checkpoint_shows_that_rows_were_taken_off_the_end)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m);
	const struct json *kept, *now;
	struct checkpoint c;
	i64 seq;

	make_key(boss, "apikey_created");
	say(boss, "{'type':'audit_checkpoint','_reqId':'c'}");
	kept = expect(boss, "{'type':'audit_checkpoint_result','meshId':'%s','_reqId':'c'}", m->id);
	seq = json_get_int(kept, S("seq"), 0);
	c = (struct checkpoint){ json_get_str(kept, S("meshId")), seq, json_get_str(kept, S("hash")),
				 json_get_int(kept, S("timeMs"), 0) };
	assert_true(checkpoint_check(a, &c, json_get_str(kept, S("pubkey")), json_get_str(kept, S("signature"))));
	assert_str(c.hash, hex_encode(a, str_of(h->engine->meshes->audit.hash, AUDIT_HASH_BYTES)));
	sql(h, arena_printf(a, "DELETE FROM audit WHERE seq >= %lld", (long long)seq - 1).ptr);
	/* As long as the mesh is in memory the broker knows, too. */
	verify(boss, arena_printf(a, "'valid':false,'brokenAt':%lld", (long long)seq - 1).ptr);
	restart(h);
	boss = owner(m);
	verify(boss, "'valid':true,'brokenAt':null");
	say(boss, "{'type':'audit_rows','afterSeq':%lld}", (long long)seq - 1);
	expect(boss, "{'rows':[],'last':%lld}", (long long)seq - 1);
	say(boss, "{'type':'audit_checkpoint'}");
	now = expect(boss, "{'type':'audit_checkpoint_result','seq':%lld}", (long long)seq - 1);
	assert_str(json_get_str(now, S("pubkey")), json_get_str(kept, S("pubkey")));
}

TEST(a_damaged_row_is_shown_as_far_as_it_can_be)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m);
	size_t n;
	struct audit_row *rows = rows_of(h, &n), bad = rows[0];

	bad.payload = S("{\"a\":");
	bad.hash = S("short");
	if (!test_is("pg"))
		bad.event = S("\xff\xfe");
	put(h, &bad);
	say(boss, "{'type':'audit_query','beforeSeq':2}");
	expect(boss, "{'entries':[{'id':1,'payload':null,'hash':''}]}");
	say(boss, "{'type':'audit_rows','limit':1}");
	expect(boss, "{'rows':[{'seq':1,'hash':''}]}");
	verify(boss, "'valid':false,'brokenAt':1");
}

/* D-58: there each send had a transaction of its own for the log. */
TEST(d_58_what_is_sent_at_once_is_one_row_for_each_kind)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = owner(m), *alice = arrive(m, "alice");
	i64 commits, before;

	store_now(h);
	before = count(h->f, "audit");
	commits = engine_stats(h->engine).commits;
	hold(h);
	for (int i = 0; i < 30; i++)
		send_to(alice, i % 3 ? "*" : "@g", text(a, "x%d", i).ptr, i == 6 ? "now" : NULL);
	send_to(boss, "*", "y", NULL);
	release(h);
	assert_int_equal(engine_stats(h->engine).commits, commits + 1);
	assert_int_equal(count(h->f, "audit"), before + 4);
	forget_all(h);
	say(boss, "{'type':'audit_query','limit':4}");
	expect(boss, "{'entries':[{'actor':'owner','payload':{'targetSpec':'*','priority':'next','count':null}},"
		     "{'actor':'alice','payload':{'targetSpec':'@g','priority':'now','count':null}},"
		     "{'actor':'alice','payload':{'targetSpec':'*','priority':'next','count':20}},"
		     "{'actor':'alice','payload':{'targetSpec':'@g','priority':'next','count':9}}]}");
	check_chain(h, m->id);
	/* A batch full of targets. */
	hold(h);
	for (int i = 0; i < BATCH_EVENTS; i++)
		send_to(alice, text(a, "@g%d", i).ptr, text(a, "z%d", i).ptr, NULL);
	release(h);
	assert_int_equal(count(h->f, "audit"), before + 4 + BATCH_EVENTS);
	check_chain(h, m->id);
}

TEST(the_operator_says_how_much_is_logged)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss;
	i64 before;

	store_now(h);
	before = count(h->f, "audit");
	h->settings.audit_messages = h->settings.audit_presence = false;
	restart(h);
	boss = owner(m);
	send_to(boss, "*", "x", NULL);
	hang_up(boss);
	store_now(h);
	assert_int_equal(count(h->f, "audit"), before);
	h->settings.audit_presence = true;
	restart(h);
	boss = owner(m);
	send_to(boss, "*", "x", NULL);
	store_now(h);
	assert_int_equal(count(h->f, "audit"), before + 1);
	check_chain(h, m->id);
}

TEST_MAIN("engine/audit")
