/*
 * life_test.c - every way in which a connection or a presence can end, and what must be
 * right after each: the lists, the counters, the place in the mesh.
 */
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static void set_up_again(struct house *h)
{
	store_now(h);
	engine_free(h->engine);
	assert_ok(engine_new(h->a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
}

static size_t listed(struct peer *asking)
{
	const struct json *list;

	say(asking, "{'type':'list_peers','_reqId':'count'}");
	list = expect(asking, "{'type':'peers_list','peers':'*','_reqId':'count'}");
	return json_get(list, S("peers"))->count;
}

/* ---- ways to end ---- */

struct scene {
	struct house *h;
	struct place *m;
	struct peer *bob, *alice, *other;
	struct greeting as;
};

static void by_goodbye(struct scene *s)
{
	hang_up(s->alice);
}

static void by_loss(struct scene *s)
{
	lose(s->alice);
	advance(s->h, GRACE_MS);
}

static void by_coming_back_first(struct scene *s)
{
	lose(s->alice);
	advance(s->h, GRACE_MS - 1);
	enter(s->alice, &s->as);
	hang_up(s->alice);
}

static void by_the_same_session_id(struct scene *s)
{
	struct greeting as = s->as;

	enter(s->other, &as);
	hang_up(s->other);
	/* What the replaced connection still does is of no account. */
	lose(s->alice);
	hang_up(s->alice);
}

static void by_the_same_key(struct scene *s)
{
	struct greeting as = s->as;

	hang_up(s->alice);
	as.session = true;
	as.show_session = false;
	enter(s->alice, &as);
	s->other->session = s->alice->session;
	memcpy(s->other->session_pubkey, s->alice->session_pubkey, 65);
	as.session_id = "another";
	enter(s->other, &as);
	lose(s->alice);
	hang_up(s->other);
	lose(s->other);
}

static void by_its_attestation(struct scene *s)
{
	struct greeting as = s->as;

	as.attested_ms = 5000;
	as.session = true;
	as.show_session = false;
	hang_up(s->alice);
	enter(s->alice, &as);
	advance(s->h, 5000);
	expect_close(s->alice, 1000, "attestation_expired");
	lose(s->alice);
}

static void by_its_attestation_in_grace(struct scene *s)
{
	struct greeting as = s->as;

	as.attested_ms = 5000;
	as.session = true;
	as.show_session = false;
	hang_up(s->alice);
	enter(s->alice, &as);
	lose(s->alice);
	advance(s->h, GRACE_MS);
}

static void by_a_batch_that_failed(struct scene *s)
{
	struct greeting as = s->as;

	hang_up(s->alice);
	s->h->at.us += 1000;
	/* Something to be stored, so that there is a commit to fail. */
	fail_commits(s->h, ERR_TRY_AGAIN);
	hold(s->h);
	send_to(s->bob, s->bob->pubkey, "nobody", NULL);
	send_to(s->bob, s->alice->pubkey, "x", NULL);
	greet(s->alice, &as);
	release(s->h);
	assert_int_equal(engine_stats(s->h->engine).failed_commits, 1);
	expect(s->alice, "{'type':'error','code':'try_again'}");
	lose(s->alice);
}

static void by_a_failed_batch_after_it_came_back(struct scene *s)
{
	struct greeting as = s->as;

	lose(s->alice);
	s->h->at.us += 1000;
	fail_commits(s->h, ERR_TRY_AGAIN);
	hold(s->h);
	send_to(s->bob, s->alice->pubkey, "x", NULL);
	greet(s->alice, &as);
	release(s->h);
	assert_int_equal(engine_stats(s->h->engine).failed_commits, 1);
	expect(s->alice, "{'type':'error','code':'try_again'}");
	lose(s->alice);
	/* It is in its grace again, and that ends. */
	forget(s->bob);
	assert_int_equal(listed(s->bob), 2);
	advance(s->h, 1000);
	advance(s->h, GRACE_MS);
}

static void by_a_goodbye_that_was_not_stored(struct scene *s)
{
	fail_commits(s->h, ERR_TRY_AGAIN);
	hang_up(s->alice);
	advance(s->h, 50);
	assert_int_equal(engine_stats(s->h->engine).failed_commits, 1);
	advance(s->h, 1000);
}

static void by_a_grace_whose_end_was_not_stored(struct scene *s)
{
	lose(s->alice);
	fail_commits(s->h, ERR_TRY_AGAIN);
	advance(s->h, GRACE_MS);
	assert_int_equal(engine_stats(s->h->engine).failed_commits, 1);
	advance(s->h, 1000);
}

/* Here and gone in one batch. */
static void by_being_quick(struct scene *s)
{
	struct greeting as = s->as;

	hang_up(s->alice);
	s->h->at.us += 1000;
	hold(s->h);
	greet(s->alice, &as);
	hang_up(s->alice);
	release(s->h);
}

static void (*const ways[])(struct scene *s) = {
	by_goodbye, by_loss, by_coming_back_first, by_the_same_session_id, by_the_same_key,
	by_its_attestation, by_its_attestation_in_grace, by_a_batch_that_failed,
	by_a_failed_batch_after_it_came_back, by_a_goodbye_that_was_not_stored,
	by_a_grace_whose_end_was_not_stored, by_being_quick,
};

/* D-08: the reference lost a place in the mesh with most of these. */
TEST(whatever_ends_a_connection_its_place_is_free_again)
{
	static const struct greeting kinds[] = { { .session_id = "s" }, { .session = true, .session_id = "s" },
						 { .show_session = true, .session_id = "s" } };

	for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			ARENA;
			struct house *h = house(a);
			struct scene s = { .h = h, .m = place(h, "team"), .as = kinds[k] };
			struct peer *carol;
			struct engine_stats stats;

			s.bob = newcomer(s.m, "bob");
			s.alice = newcomer(s.m, "alice");
			s.other = twin(s.alice);
			carol = newcomer(s.m, "carol");
			h->settings.max_connections_per_mesh = 2;
			set_up_again(h);
			enter(s.bob, GREETING(0));
			enter(s.alice, &s.as);
			ways[w](&s);
			forget_all(h);
			stats = engine_stats(h->engine);
			assert_int_equal(stats.presences, 1);
			assert_int_equal(stats.online, 1);
			assert_int_equal(listed(s.bob), 1);
			/* One place, and not two. */
			h->at.us += 1000;
			enter(carol, GREETING(0));
			greet(s.alice, &s.as);
			expect(s.alice, "{'type':'error','code':'capacity'}");
			hang_up(carol);
			hang_up(s.bob);
			stats = engine_stats(h->engine);
			assert_int_equal(stats.presences, 0);
			assert_int_equal(stats.online, 0);
		}
	}
}

/* ---- the defects of wire-core.md 17 that are about this ---- */

/* Live facts came from a map keyed by member, where the last connection won. */
TEST(d_30_each_row_of_the_list_has_the_facts_of_its_own_connection)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *link = newcomer(m, "alice"), *one = twin(link), *two = twin(link);

	enter(link, GREETING(.session_id = "l", .hostname = "h0", .channel = "c0", .extra = ",'cwd':'/0'"));
	enter(one, GREETING(.session = true, .session_id = "1", .hostname = "h1", .channel = "c1", .extra = ",'cwd':'/1'"));
	enter(two, GREETING(.session = true, .session_id = "2", .hostname = "h2", .channel = "c2", .extra = ",'cwd':'/2'"));
	say(one, "{'type':'set_visible','visible':false}");
	say(two, "{'type':'set_stats','stats':{'errors':2}}");
	say(link, "{'type':'set_profile','title':'0','scope':'connection'}");
	lose(two);
	forget(link);
	say(link, "{'type':'list_peers'}");
	expect(link, "{'peers':["
	       "{'hostname':'h0','channel':'c0','cwd':'/0','visible':true,'stats':null,'profile':{'title':'0'}},"
	       "{'hostname':'h1','channel':'c1','cwd':'/1','visible':false,'stats':null,'profile':null},"
	       "{'hostname':'h2','channel':'c2','cwd':'/2','visible':true,'stats':{'errors':2},'profile':null}]}");
}

/* The close of the old socket used to mark the presence that had come back as offline. */
TEST(d_32_a_close_never_hurts_who_came_back_before_it)
{
	static const struct greeting kinds[] = { { 0 }, { .session = true }, { .show_session = true } };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		for (int order = 0; order < 3; order++) {
			ARENA;
			struct house *h = house(a);
			struct place *m = place(h, "team");
			struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice"), *old = twin(alice);

			enter(alice, &kinds[k]);
			old->conn = alice->conn;
			/* Two peers of the harness cannot have one connection: the old one is nobody's. */
			h->at.us += 1000;
			hold(h);
			if (order == 0)
				lose(old);
			greet(alice, &kinds[k]);
			if (order == 1)
				lose(old);
			release(h);
			if (order == 2)
				lose(old);
			expect(alice, "{'type':'hello_ack'}");
			advance(h, 4 * GRACE_MS);
			forget_all(h);
			assert_int_equal(engine_stats(h->engine).online, 2);
			assert_int_equal(listed(bob), 2);
			send_to(bob, alice->pubkey, "x", NULL);
			ack_push(alice, expect_message(alice, "x"));
		}
	}
}

/* A sweep of the database marked who had not ponged for 90 s; nothing ever unmarked it. */
TEST(d_43_who_is_connected_is_listed_however_quiet)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice");

	forget(bob);
	for (int i = 0; i < 12; i++) {
		advance(h, 4 * 60 * 1000);
		assert_int_equal(listed(bob), 2);
		expect_nothing(bob);
	}
	lose(alice);
	advance(h, GRACE_MS - 1);
	enter(alice, GREETING(.session = true));
	advance(h, 4 * 60 * 1000);
	assert_int_equal(listed(bob), 2);
	expect_nothing(bob);
}

/* What one process can do about it: nothing but sockets is lost with it. */
TEST(d_47_a_restart_loses_no_delivery_and_no_setting_and_makes_no_storm)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice"), *crowd[60];
	size_t told;

	for (size_t i = 0; i < ARRAY_LEN(crowd); i++)
		crowd[i] = arrive(m, "one");
	say(alice, "{'type':'set_status','status':'dnd','scope':'member'}");
	say(alice, "{'type':'join_group','name':'ops','scope':'member'}");
	send_to(bob, alice->session_pubkey, "session", NULL);
	send_to(bob, alice->pubkey, "member", "low");
	send_to(bob, "@ops", "group", NULL);
	restart(h);
	forget_all(h);
	h->at.us += 1000;
	greet(bob, GREETING(0));
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++)
		greet(crowd[i], GREETING(0));
	greet(alice, GREETING(.session = true));
	expect(alice, "{'type':'hello_ack','memberProfile':{'groups':[{'name':'ops'}]}}");
	expect_nothing(alice);
	expect(bob, "{'type':'hello_ack'}");
	for (told = 0; bob->first; told++)
		expect(bob, "{'subtype':'system'}");
	assert_int_equal(told, HINTS_PER_SECOND);
	advance(h, HINTS_CALM_MS);
	expect(bob, "{'event':'peers_changed'}");
	forget(alice);
	say(alice, "{'type':'set_status','status':'idle','scope':'member'}");
	expect_message(alice, "session");
	expect_message(alice, "group");
	expect_message(alice, "member");
}

/* All connections of a member drained at once, and the first won. */
TEST(d_53_what_is_for_a_member_goes_to_its_sessions_and_to_the_link_only_without)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *link = newcomer(m, "alice"), *one = twin(link), *two = twin(link);

	/* Whichever came first. */
	enter(one, GREETING(.session = true, .session_id = "1"));
	enter(link, GREETING(.session_id = "l", .channel = "claudemesh-daemon"));
	enter(two, GREETING(.session = true, .session_id = "2"));
	forget_all(h);
	for (int i = 0; i < 5; i++) {
		const char *id = text(a, "x%d", i).ptr;

		send_to(bob, link->pubkey, id, NULL);
		ack_push(one, expect_message(one, id));
		ack_push(two, expect_message(two, id));
		expect_nothing(link);
	}
	advance(h, 2 * LEASE_MS);
	expect_nothing(one);
	expect_nothing(two);
	lose(one);
	hang_up(two);
	forget(link);
	send_to(bob, link->pubkey, "last", NULL);
	ack_push(link, expect_message(link, "last"));
	enter(one, GREETING(.session = true, .session_id = "1"));
	expect_nothing(one);
}

TEST_MAIN("engine/life")
