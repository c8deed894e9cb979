/*
 * unload_test.c - what memory holds is bounded: meshes that nobody is in, and what one address,
 * mesh or broker may make it remember.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
enum { MINUTE = 60000 };

static void set_up_again(struct house *h)
{
	engine_free(h->engine);
	assert_ok(engine_new(h->a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
}

static i64 meshes(const struct house *h)
{
	return engine_stats(h->engine).meshes;
}

/* As the sweep does: it looks every minute. */
static void minutes(struct house *h, int n)
{
	for (int i = 0; i < n; i++)
		advance(h, MINUTE);
}

TEST(a_mesh_that_nobody_is_in_leaves_memory_and_comes_back_as_it_was)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob"), *carol = arrive(other, "carol");

	say(bob, "{'type':'join_group','name':'dev','scope':'member'}");
	send_to(alice, bob->pubkey, "1", NULL);
	send_to(alice, bob->session_pubkey, "2", NULL);
	hang_up(alice);
	lose(bob);
	/* In its grace window somebody is in it. */
	minutes(h, 2);
	assert_int_equal(meshes(h), 2);
	minutes(h, 5);
	assert_int_equal(meshes(h), 1);
	assert_int_equal(engine_stats(h->engine).meshes_unloaded, 1);
	assert_int_equal(engine_stats(h->engine).waiting, 0);
	/* Its messages expire and its mailboxes are pruned all the same; nobody is disturbed. */
	forget(carol);
	minutes(h, 60);
	expect_nothing(carol);
	enter(bob, GREETING(.session = true));
	assert_int_equal(meshes(h), 2);
	assert_int_equal(engine_stats(h->engine).waiting, 2);
	ack_push(bob, expect_message(bob, "1"));
	ack_push(bob, expect_message(bob, "2"));
	enter(alice, GREETING(0));
	forget_all(h);
	send_to(alice, "@dev", "3", NULL);
	expect_message(bob, "3");
	check_backlogs(h);
}

TEST(a_mesh_stays_while_memory_knows_what_the_store_does_not)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *alice;

	h->settings.rate_per_minute = 1;
	h->settings.rate_burst = 20;
	set_up_again(h);
	m = place(h, "team");
	alice = arrive(m, "alice");
	for (int i = 0; i < 15; i++)
		send_to(alice, "*", text(a, "x%d", i).ptr, NULL);
	hang_up(alice);
	/* Leaving and coming back refills no bucket. */
	minutes(h, 10);
	assert_int_equal(meshes(h), 1);
	minutes(h, 8);
	assert_int_equal(meshes(h), 0);
}

TEST(what_expires_while_its_mesh_is_not_in_memory_is_not_counted)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	send_to(alice, bob->pubkey, "1", NULL);
	hang_up(alice);
	minutes(h, 8);
	assert_int_equal(meshes(h), 0);
	h->at.us += 8ll * 24 * 3600 * 1000000;
	minutes(h, 2);
	assert_int_equal(count(h->f, "message"), 0);
	enter(bob, GREETING(0));
	expect_nothing(bob);
	assert_int_equal(engine_stats(h->engine).waiting, 0);
}

TEST(one_address_makes_so_many_meshes_a_day)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *p;

	h->settings.meshes_per_day = 2;
	set_up_again(h);
	place(h, "one");
	place(h, "two");
	m = place_plan(h, "three");
	p = stranger(m, "p");
	assert_int_equal(call(h, "mesh_create", "", create_body(m, p)), 429);
	minutes(h, 2);
	assert_int_equal(call(h, "mesh_create", "", create_body(m, p)), 429);
	memcpy(h->address, "10.0.0.1", sizeof("10.0.0.1"));
	assert_int_equal(call(h, "mesh_create", "", create_body(m, p)), 200);
	/* The same again is not another mesh. */
	assert_int_equal(call(h, "mesh_create", "", create_body(m, p)), 200);
	memcpy(h->address, "127.0.0.1", sizeof("127.0.0.1"));
	h->at.us += 24ll * 3600 * 1000000;
	place(h, "four");
}

TEST(one_mesh_has_so_many_invites_and_those_that_ended_unused_are_none)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;

	h->settings.invites_per_mesh = 3;
	set_up_again(h);
	m = place(h, "team"); /* makes the first */
	newcomer(m, "bob");   /* and uses it */
	invite(m, 1, 1);
	invite(m, 1, 1);
	invite_plan(m, 1, 1);
	assert_int_equal(call(h, "invite_create", "team", invite_body(m)), 429);
	h->at.us += 9ll * 24 * 3600 * 1000000;
	invite(m, 1, 1);
	assert_int_equal(count(h->f, "invite"), 2);
}

TEST(so_many_reference_hellos_are_remembered_and_no_more_are_accepted)
{
	ARENA;
	struct house *h = house(a);
	struct place *m;
	struct peer *alice, *bob, *carol;

	h->settings.signatures = 2;
	set_up_again(h);
	m = place(h, "team");
	alice = newcomer(m, "alice");
	bob = newcomer(m, "bob");
	carol = newcomer(m, "carol");
	enter(alice, GREETING(0));
	enter(bob, GREETING(0));
	greet(carol, GREETING(0));
	expect(carol, "{'type':'error','code':'try_again'}");
	expect_close(carol, 1013, "try_again");
	/* Ours need not be remembered. */
	enter(carol, GREETING(.v2 = true));
	hang_up(carol);
	minutes(h, 3);
	enter(carol, GREETING(0));
}

TEST_MAIN("engine/unload")
