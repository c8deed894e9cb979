/*
 * audit_test.c - rows of the audit log: in order, of their mesh only, and never two in one place.
 */
#include "store/audit.h"

#include "store/fixture_test.h"

enum { MESH_A = 1, MESH_B = 2 };

static struct audit_row row(i64 mesh_no, i64 seq, const char *event)
{
	return (struct audit_row){ .mesh_no = mesh_no, .seq = seq, .event = str_from(event),
				   .payload = S("{}"), .hash = S("h\0h"), .created_ms = 5 };
}

static void add(struct fixture *f, i64 mesh_no, i64 seq, const char *event)
{
	struct audit_row r = row(mesh_no, seq, event);

	store_audit_add(f->st, &r, false);
}

TEST(rows_come_in_both_orders_and_by_event)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct audit_page page = { INT64_MAX, 2, 0 };
	struct audit_row in = row(MESH_A, 1, "kicked"), *out;
	i64 counted;
	size_t n;

	in.actor = S("member");
	in.payload = S("{\"target\":\"\xc3\xa9\"}");
	store_audit_add(f->st, &in, false);
	for (i64 seq = 2; seq <= 9; seq++)
		add(f, MESH_A, seq, seq % 2 ? "message_sent" : "kicked");
	add(f, MESH_B, 1, "kicked");
	commit(f);
	assert_ok(store_audit_after(f->st, a, MESH_A, 0, 2, &out, &n));
	assert_int_equal(n, 2);
	assert_str(out[0].event, in.event);
	assert_str(out[0].actor, in.actor);
	assert_str(out[0].payload, in.payload);
	assert_str(out[0].hash, in.hash);
	assert_int_equal(out[0].created_ms, 5);
	assert_false(out[1].actor.ptr);
	assert_int_equal(out[1].seq, 2);
	assert_ok(store_audit_before(f->st, a, MESH_A, 3, 9, &out, &n));
	assert_int_equal(n, 2);
	assert_int_equal(out[0].seq, 2);
	assert_ok(store_audit_of_event(f->st, a, MESH_A, S("kicked"), &page, &out, &n));
	assert_int_equal(n, 2);
	assert_int_equal(out[0].seq, 8);
	page.offset = 4;
	assert_ok(store_audit_of_event(f->st, a, MESH_A, S("kicked"), &page, &out, &n));
	assert_int_equal(n, 1);
	assert_int_equal(out[0].seq, 1);
	assert_ok(store_audit_of_event_count(f->st, a, MESH_A, S("kicked"), 4, &counted));
	assert_int_equal(counted, 4);
	assert_ok(store_audit_of_event_count(f->st, a, MESH_B, S("kicked"), 4, &counted));
	assert_int_equal(counted, 1);
	assert_ok(store_audit_others_count(f->st, a, MESH_A, 9, &counted));
	assert_int_equal(counted, 5);
	page = (struct audit_page){ 9, 9, 1 };
	assert_ok(store_audit_messages(f->st, a, MESH_A, 4, &page, &out, &n));
	assert_int_equal(n, 1);
	assert_int_equal(out[0].seq, 5);
}

TEST(a_place_in_the_chain_is_taken_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct audit_row *out;
	size_t n;

	add(f, MESH_A, 1, "kicked");
	commit(f);
	add(f, MESH_A, 2, "kicked");
	add(f, MESH_A, 1, "message_sent");
	assert_err(store_commit(f->st, a), CONFLICT);
	store_rollback(f->st);
	assert_ok(store_audit_after(f->st, a, MESH_A, 0, 9, &out, &n));
	assert_int_equal(n, 1);
	assert_str(out[0].event, S("kicked"));
}

TEST(one_that_may_wait_asks_for_no_commit)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct audit_row r = row(MESH_A, 1, "peer_joined");

	store_audit_add(f->st, &r, true);
	assert_true(store_pending(f->st));
	assert_true(store_may_wait(f->st));
	add(f, MESH_A, 2, "kicked");
	assert_false(store_may_wait(f->st));
	commit(f);
	assert_int_equal(count(f, "audit"), 2);
}

TEST_MAIN("store/audit")
