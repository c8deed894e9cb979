/* grant_test.c - grants and permissions are of one member in one mesh; what is withheld is not taken. */
#include "store/fixture_test.h"
#include "store/grant.h"

enum { MESH = 1, OTHER = 2, ALICE = 11, BOB = 12, ALICE_BOX = 1 };

#define PEER S("11aa")

static void put(struct fixture *f, i64 mesh, i64 member, str peer, i64 caps)
{
	store_grant_set(f->st, &(struct grant_row){ mesh, member, peer, caps, 3, 4, 5 });
}

static struct grant_row *grants(struct fixture *f, i64 mesh, size_t *ret_n)
{
	struct grant_row *rows;

	assert_ok(store_grants(f->st, f->a, mesh, &rows, ret_n));
	return rows;
}

TEST(a_grant_comes_back_and_goes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct grant_row *rows;
	size_t n;

	put(f, MESH, ALICE, PEER, 7);
	put(f, MESH, BOB, PEER, 0);
	put(f, OTHER, ALICE, PEER, 1);
	commit(f);
	put(f, MESH, ALICE, PEER, 2);
	store_grant_dropped(f->st, &(struct grant_row){ MESH, ALICE, PEER, 99, 6, 7, 8 });
	commit(f);
	rows = grants(f, MESH, &n);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].member_no, ALICE);
	assert_str(rows[0].peer, PEER);
	assert_int_equal(rows[0].caps, 2);
	assert_int_equal(rows[0].dropped_dm, 6);
	assert_int_equal(rows[0].dropped_broadcast, 7);
	assert_int_equal(rows[0].dropped_ms, 8);
	assert_int_equal(rows[1].dropped_dm, 3);
	store_grant_remove(f->st, MESH, ALICE, PEER);
	commit(f);
	rows = grants(f, MESH, &n);
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].member_no, BOB);
	(void)grants(f, OTHER, &n);
	assert_int_equal(n, 1);
}

TEST(permissions_come_back_and_go)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct permission_row *rows;
	size_t n;

	store_permission_set(f->st, &(struct permission_row){ MESH, ALICE, 7 });
	store_permission_set(f->st, &(struct permission_row){ OTHER, ALICE, 1 });
	commit(f);
	store_permission_set(f->st, &(struct permission_row){ MESH, ALICE, 9 });
	commit(f);
	assert_ok(store_permissions(f->st, a, MESH, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].member_no, ALICE);
	assert_int_equal(rows[0].permissions, 9);
	store_permission_remove(f->st, MESH, ALICE);
	commit(f);
	assert_ok(store_permissions(f->st, a, MESH, &rows, &n));
	assert_int_equal(n, 0);
	assert_ok(store_permissions(f->st, a, OTHER, &rows, &n));
	assert_int_equal(n, 1);
}

static struct delivery_row deliver(struct fixture *f, int rank)
{
	struct delivery_row d = { ALICE_BOX, store_next(f->st, NUMBER_MESSAGE), rank, 0, BOB, 10 };

	store_message_add(f->st, &(struct message_row){ .no = d.message_no, .mesh_no = MESH, .id = S("i"),
			  .sender_no = BOB, .sender_pubkey = S("s"), .target = S("alice"), .rank = rank,
			  .nonce = S(""), .ciphertext = S(""), .expires_ms = 1000 });
	store_delivery_add(f->st, MESH, &d);
	return d;
}

/* It waits, is counted and is in its receipt as any, but nobody is given it. */
TEST(what_is_withheld_is_not_taken)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct delivery_row low, next;
	struct backlog_row *boxes;
	struct receipt_end *ends;
	struct expiring *over;
	struct waiting *rows;
	size_t n;

	store_mailbox_add(f->st, &(struct mailbox_row){ .no = ALICE_BOX, .mesh_no = MESH, .member_no = ALICE,
							.pubkey = S("alice") });
	low = deliver(f, 2);
	next = deliver(f, 1);
	store_delivery_withhold(f->st, OTHER, &low);
	store_delivery_withhold(f->st, MESH, &next);
	commit(f);
	assert_ok(store_waiting(f->st, a, MESH, ALICE_BOX, 2, 0, 10, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].message.no, low.message_no);
	assert_ok(store_backlog_of_mailboxes(f->st, a, MESH, &boxes, &n));
	assert_int_equal(boxes[0].messages, 2);
	assert_int_equal(boxes[0].withheld, 1);
	assert_int_equal(boxes[0].withheld_bytes, 10);
	assert_ok(store_receipt_ends(f->st, a, MESH, next.message_no, &ends, &n));
	assert_int_equal(n, 1);
	assert_int_equal(ends[0].state, DELIVERY_QUEUED);
	assert_int_equal(ends[0].rank, 1 + RANK_WITHHELD);
	assert_ok(store_expiring(f->st, a, 2000, 10, 10, &over, &n));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++)
		store_expire(f->st, &over[i]);
	commit(f);
	assert_ok(store_receipt_ends(f->st, a, MESH, next.message_no, &ends, &n));
	assert_int_equal(n, 1);
	assert_int_equal(ends[0].state, DELIVERY_EXPIRED);
}

TEST_MAIN("store/grant")
