/*
 * archive_test.c - receipts that have left memory: a repeat is still a repeat, and an id still
 * finds its message, whatever happens to the move.
 */
#include "engine/harness_test.h"

#include "engine/archive.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define DAY_MS ((i64)24 * 3600 * 1000)

enum { MANY = 1000 };

struct scene { struct house *h; struct peer *alice, *bob; str ids[MANY]; };

static struct scene scene(struct arena *a, i64 in_memory)
{
	struct scene s = { .h = house(a) };
	struct place *m = place(s.h, "team");

	s.alice = arrive(m, "alice");
	s.bob = newcomer(m, "bob");
	s.h->settings.receipts_in_memory = in_memory;
	restart(s.h);
	enter(s.alice, GREETING(0));
	return s;
}

static str name_of(struct scene *s, int i)
{
	return text(s->h->a, "x%d", i);
}

/* Sends x<from> to x<to - 1>, a batch each. */
static void send_some(struct scene *s, int from, int to)
{
	for (int i = from; i < to; i++) {
		send_to(s->alice, s->bob->pubkey, name_of(s, i).ptr, NULL);
		s->ids[i] = json_get_str(expect(s->alice, "{'queued':true,'duplicate':null}"), S("messageId"));
	}
}

static void check(struct scene *s, int from, int to)
{
	for (int i = from; i < to; i++) {
		send_to(s->alice, s->bob->pubkey, name_of(s, i).ptr, NULL);
		expect(s->alice, "{'messageId':'%.*s','queued':true,'duplicate':true}", STRF(s->ids[i]));
	}
}

static void check_status(struct scene *s, int i)
{
	say(s->alice, "{'type':'message_status','messageId':'%.*s'}", STRF(s->ids[i]));
	expect(s->alice, "{'id':'%.*s','client_message_id':'x%d'}", STRF(s->ids[i]), i);
	say(s->alice, "{'type':'message_status','messageId':'%.12s'}", s->ids[i].ptr);
	expect(s->alice, "{'id':'%.*s','client_message_id':'x%d'}", STRF(s->ids[i]), i);
}

static i64 in_memory(struct scene *s)
{
	return engine_stats(s->h->engine).receipts;
}

static void come_back(struct scene *s)
{
	restart(s->h);
	enter(s->alice, GREETING(0));
}

/* All slices of what the sweeps have begun. */
static void sweep(struct house *h)
{
	for (int i = 0; i < 40; i++)
		advance(h, 50);
}

TEST(what_is_of_yesterday_is_not_in_memory_and_known)
{
	ARENA;
	struct scene s = scene(a, RECEIPTS_IN_MEMORY);

	send_some(&s, 0, 600);
	advance(s.h, DAY_MS - 600000);
	enter(s.alice, GREETING(0));
	send_some(&s, 600, 601);
	assert_int_equal(in_memory(&s), 601);
	advance(s.h, 1200000);
	sweep(s.h);
	enter(s.alice, GREETING(0));
	/* All but the range that the youngest is in. */
	assert_int_equal(in_memory(&s), 601 - 2 * ID_RANGE);
	assert_int_equal(count(s.h->f, "receipt_key"), 2 * ID_RANGE);
	assert_int_equal(count(s.h->f, "receipt_run"), 1);
	check(&s, 0, 601);
	for (int i = 0; i < 601; i += 150)
		check_status(&s, i);
	/* Also by who comes after. */
	come_back(&s);
	assert_int_equal(in_memory(&s), 601 - 2 * ID_RANGE);
	check(&s, 0, 601);
	check_status(&s, 5);
	/* And what is another message under the id is refused. */
	send_to(s.alice, "*", "x7", NULL);
	expect(s.alice, "{'queued':false,'code':'invalid'}");
	assert_int_equal(count(s.h->f, "receipt"), 601);
}

TEST(a_new_message_does_not_ask_the_archive)
{
	ARENA;
	struct scene s = scene(a, RECEIPTS_IN_MEMORY);
	i64 calls = 0;

	send_some(&s, 0, 300);
	advance(s.h, 2 * DAY_MS);
	sweep(s.h);
	enter(s.alice, GREETING(0));
	db_fault(s.h->f->db, &s.h->f->plan);
	for (int i = 300; i < 600; i++) {
		s.h->f->plan = (struct db_fault){ 0 };
		send_some(&s, i, i + 1);
		calls += s.h->f->plan.calls;
	}
	/* begin, four rows (one in the audit log), commit; a filter may be mistaken */
	assert_true(calls <= 300 * 6 + 3);
}

/* At any moment of a move, and when memory is too small for a day. */
TEST(a_repeat_during_the_move_is_a_repeat)
{
	ARENA;
	struct scene s = scene(a, 100);

	send_some(&s, 0, 100);
	for (int i = 100; i < 400; i++) {
		send_some(&s, i, i + 1);
		check(&s, (i * 37) % i, (i * 37) % i + 1);
		check_status(&s, (i * 53) % i);
		s.h->at.us += 25000;
	}
	assert_true(in_memory(&s) <= 115);
	assert_true(count(s.h->f, "receipt_run") >= 3);
	check(&s, 0, 400);
	come_back(&s);
	assert_true(in_memory(&s) <= 115);
	check(&s, 0, 400);
	assert_int_equal(count(s.h->f, "receipt"), 400);
}

/* Each store call of the move fails, before and after it was carried out. */
TEST(a_move_that_fails_loses_and_doubles_nothing)
{
	ARENA;
	struct scene s = scene(a, 10);
	int n = 0;

	db_fault(s.h->f->db, &s.h->f->plan);
	for (int at = 1; at < 40; at++) {
		for (int after = 0; after < 2; after++) {
			s.h->f->plan = (struct db_fault){ 0 };
			send_some(&s, n, n + 10);
			n += 10;
			s.h->f->plan = (struct db_fault){ .fail_at = at, .code = ERR_TRY_AGAIN, .after = after };
			for (int i = 0; i < 8; i++)
				advance(s.h, 25);
			s.h->f->plan = (struct db_fault){ 0 };
			advance(s.h, 2000);
			enter(s.alice, GREETING(0));
			check(&s, MAX(n - 20, 0), n);
			check_status(&s, n - 10);
			/* A crash in the middle of one. */
			if (at % 5 == 0)
				come_back(&s);
		}
	}
	check(&s, 0, n);
	come_back(&s);
	check(&s, 0, n);
	assert_int_equal(count(s.h->f, "receipt"), n);
	assert_true(in_memory(&s) <= 20);
}

TEST(after_thirty_days_nothing_is_left)
{
	ARENA;
	struct scene s = scene(a, 20);

	for (int i = 0; i < 100; i += 10) {
		send_some(&s, i, i + 10);
		sweep(s.h);
	}
	advance(s.h, 29 * DAY_MS);
	sweep(s.h);
	enter(s.alice, GREETING(0));
	check(&s, 0, 100);
	send_some(&s, 100, 101);
	advance(s.h, DAY_MS + 600000);
	sweep(s.h);
	enter(s.alice, GREETING(0));
	assert_int_equal(count(s.h->f, "receipt"), 1);
	assert_int_equal(count(s.h->f, "receipt_end"), 0);
	assert_int_equal(in_memory(&s), 0);
	assert_int_equal(count(s.h->f, "receipt_key"), 1);
	assert_int_equal(count(s.h->f, "receipt_run"), 1);
	check(&s, 100, 101);
	advance(s.h, 31 * DAY_MS);
	sweep(s.h);
	enter(s.alice, GREETING(0));
	assert_int_equal(count(s.h->f, "receipt"), 0);
	assert_int_equal(count(s.h->f, "receipt_key"), 0);
	assert_int_equal(count(s.h->f, "receipt_run"), 0);
	send_some(&s, 0, 1);
}

/* The broker died while it wrote one. */
TEST(a_run_that_was_not_finished_is_deleted)
{
	ARENA;
	struct scene s = scene(a, RECEIPTS_IN_MEMORY);

	send_some(&s, 0, 300);
	s.h->at.us += 2 * DAY_MS * 1000;
	say(s.alice, "{'type':'list_peers'}"); /* the timers run once */
	assert_int_equal(count(s.h->f, "receipt_run"), 1);
	assert_true(count(s.h->f, "receipt_key") > 0);
	assert_true(count(s.h->f, "receipt_key") < 300);
	come_back(&s);
	assert_int_equal(in_memory(&s), 300);
	check(&s, 0, 300);
	advance(s.h, 600000);
	sweep(s.h);
	enter(s.alice, GREETING(0));
	assert_int_equal(count(s.h->f, "receipt_run"), 1);
	assert_int_equal(count(s.h->f, "receipt_key"), 300);
	assert_int_equal(in_memory(&s), 0);
	check(&s, 0, 300);
}

TEST(an_id_is_found_when_the_clock_was_set_back)
{
	ARENA;
	struct scene s = scene(a, 40);
	static const i64 jumps_s[] = { -3600, 7200, -10, -86400, 90000, -1 };

	for (int i = 0; i < 120; i++) {
		if (i % 20 == 19)
			s.h->at.us += jumps_s[i / 20] * 1000000;
		if (i % 30 == 29)
			restart(s.h);
		enter(s.alice, GREETING(0));
		send_some(&s, i, i + 1);
		advance(s.h, 25);
	}
	enter(s.alice, GREETING(0));
	forget(s.alice);
	assert_true(count(s.h->f, "receipt_run") >= 1);
	for (int i = 0; i < 120; i++)
		check_status(&s, i);
	check(&s, 0, 120);
}

/* What one number of shards has archived is known to another. */
TEST(runs_cover_the_meshes_of_their_shard)
{
	ARENA;
	struct fixture *f = fixture(a);
	struct archive_owner one = { 0, 1 }, first = { 0, 2 }, second = { 1, 2 };
	static const struct archive_owner writers[] = { { 0, 2 }, { 1, 2 }, { 0, 1 } };
	str even = S("00000000000000000000000000000000"), odd = S("4f9Kq0bT2mXw7RzN1cYhU8sLdVe3GjPa");
	u8 key[HASH_KEY_BYTES] = { 1 };
	struct archive *ar;
	i64 *nos;
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		struct dedupe *d = dedupe_new(key);
		struct id_map ids = { 0 };
		i64 no = 100 * (i64)(i + 1);

		dedupe_add(d, 7, no);
		id_map_add(&ids, no, no);
		id_map_seal(&ids);
		ar = archive_new(f->st, writers[i]);
		assert_ok(archive_load(ar, a));
		archive_start(ar, &ids, 1);
		for (int k = 0; archive_is_moving(ar); k++) {
			assert_true(k < 20);
			archive_slice(ar, a, d);
			commit(f);
			archive_stored(ar);
		}
		assert_int_equal(dedupe_count(d), 0);
		archive_free(ar);
		dedupe_free(d);
		id_map_done(&ids);
	}
	for (int i = 0; i < 3; i++) {
		ar = archive_new(f->st, i == 0 ? one : i == 1 ? first : second);
		assert_ok(archive_load(ar, a));
		assert_int_equal(archive_end(ar), i == 0 ? 300 : i == 1 ? 100 : 200);
		assert_true(archive_covers(ar, 100, even));
		assert_false(archive_covers(ar, 100, odd));
		assert_true(archive_covers(ar, 200, odd));
		assert_true(archive_covers(ar, 300, odd) && archive_covers(ar, 300, even));
		assert_false(archive_covers(ar, 301, odd));
		assert_true(archive_was_shared(ar));
		assert_ok(archive_find(ar, a, 7, &nos, &n));
		assert_int_equal(n, 3);
		assert_ok(archive_find(ar, a, 8, &nos, &n));
		assert_int_equal(n, 0);
		archive_free(ar);
	}
}

TEST_MAIN("engine/archive")
