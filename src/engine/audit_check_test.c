/*
 * audit_check_test.c - verifications of an audit log while much else happens, and fails.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* Who made the mesh, and is in it. */
static struct peer *boss_of(struct place *m)
{
	struct peer *p = owner_of(m);

	enter(p, GREETING(0));
	forget_all(m->house);
	return p;
}

TEST(one_verification_at_a_time_and_none_for_who_is_gone)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = boss_of(m), *second;

	broadcast_many(boss, 600);
	second = twin(boss);
	enter(second, GREETING(.session_id = "two"));
	forget_all(h);
	hold(h);
	say(boss, "{'type':'audit_verify','_reqId':'1'}");
	say(second, "{'type':'audit_verify','_reqId':'2'}");
	release(h);
	expect(second, "{'type':'error','code':'rate_limit','_reqId':'2'}");
	lose(boss);
	for (int i = 0; i < 10; i++)
		advance(h, 1);
	assert_null(h->engine->meshes->audit_check);
	forget(second);
	say(second, "{'type':'audit_verify'}");
	for (int i = 0; i < 10; i++)
		advance(h, 1);
	expect(second, "{'type':'audit_verify_result','valid':true,'brokenAt':null}");
	/* It grows meanwhile. */
	hold(h);
	say(second, "{'type':'audit_verify','_reqId':'3'}");
	for (int i = 0; i < 100; i++)
		send_to(second, "*", text(a, "y%d", i).ptr, NULL);
	release(h);
	for (int i = 0; i < 10; i++)
		advance(h, 1);
	assert_null(h->engine->meshes->audit_check);
	/* The mesh is freed in the middle of one. */
	say(second, "{'type':'audit_verify','_reqId':'4'}");
	assert_non_null(h->engine->meshes->audit_check);
}

/* Else it would miss the rows that were not stored, and cry wolf. */
TEST(a_verification_ends_at_a_row_that_is_stored)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = boss_of(m);

	fail_commits(h, ERR_TRY_AGAIN);
	hold(h);
	send_to(boss, "*", "x", NULL);
	say(boss, "{'type':'audit_verify','_reqId':'1'}");
	release(h);
	assert_null(h->engine->meshes->audit_check);
	fail_commits(h, 0);
	advance(h, 2000);
	forget(boss);
	/* What waits for a commit is stored before it begins. */
	enter(twin(boss), GREETING(.session_id = "two"));
	forget(boss);
	say(boss, "{'type':'audit_verify','_reqId':'2'}");
	assert_non_null(h->engine->meshes->audit_check);
	fail_commits(h, ERR_TRY_AGAIN);
	send_to(boss, "*", "y", NULL);
	fail_commits(h, 0);
	forget(boss);
	advance(h, 2000);
	expect(boss, "{'type':'audit_verify_result','valid':true,'brokenAt':null,'_reqId':'2'}");
}

TEST(verifications_are_bounded)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *boss = boss_of(m);

	h->engine->settings.lists_kb_per_minute = 4;
	broadcast_many(boss, 600);
	forget(boss);
	for (int i = 0; i < 2; i++) {
		say(boss, "{'type':'audit_verify'}");
		for (int step = 0; step < 10; step++)
			advance(h, 1);
		expect(boss, "{'type':'audit_verify_result','valid':true}");
	}
	say(boss, "{'type':'audit_verify','_reqId':'3'}");
	expect(boss, "{'type':'error','code':'rate_limit','_reqId':'3'}");
}

TEST_MAIN("engine/audit-check")
