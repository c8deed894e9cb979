/*
 * topic_test.c - how posts reach those in a topic: who was away, slow, or told of nothing because a
 * commit failed; and who is in it. What each verb answers is in tests/topic-*.conv.
 */
#include "engine/harness_test.h"

#include "crypto/encode.h"
#include "db/db.h"
#include "engine/topic.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static void post_to(struct peer *p, const char *topic, const char *id)
{
	say(p, "{'type':'send','id':'%s','targetSpec':'#%s','nonce':'','ciphertext':'aGk=','client_message_id':'%s'}", id,
	    topic, id);
}

/* Posts, and takes the ack away. */
static void post(struct peer *p, const char *topic, const char *id)
{
	post_to(p, topic, id);
	expect(p, "{'type':'ack','id':'%s','queued':true}", id);
}

static void post_many(struct peer *p, int n)
{
	hold(p->place->house);
	for (int i = 1; i <= n; i++)
		post_to(p, "general", text(p->place->house->a, "%d", i).ptr);
	release(p->place->house);
	forget(p);
}

static const struct json *expect_post(struct peer *p, i64 seq)
{
	return expect(p, "{'type':'push','topic':'general','topicSeq':%lld}", (long long)seq);
}

static void get_posts(struct peer *p, i64 first, i64 last)
{
	for (i64 seq = first; seq <= last; seq++)
		ack_push(p, expect_post(p, seq));
}

static void sql(struct house *h, const char *statement)
{
	assert_ok(db_exec(h->f->db, h->a, str_from(statement)));
}

/* ---- #general ---- */

static void expect_three_in_general(struct peer *alice)
{
	say(alice, "{'type':'topic_members','topic':'general','_reqId':'m'}");
	expect(alice, "{'type':'topic_members_response','members':[{'displayName':'alice','role':'lead'},"
		      "{'displayName':'bob','role':'member'},{'displayName':'carol','role':'member'}]}");
}

TEST(s_08_general_of_a_database_of_before_is_filled_once)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place_plan(h, "team");
	struct peer *alice = stranger(m, "alice"), *bob, *carol;

	assert_int_equal(call(h, "mesh_create", "", create_body(m, alice)), 200);
	invite(m, 9, 9);
	bob = newcomer(m, "bob");
	carol = newcomer(m, "carol");
	/* As it was without the topic, and as with one that nobody was put into. */
	for (int i = 0; i < 2; i++) {
		sql(h, "DELETE FROM topic_member");
		sql(h, i ? "UPDATE topic SET filled = 0" : "DELETE FROM topic");
		restart(h);
		enter(alice, GREETING(0));
		expect_three_in_general(alice);
		store_now(h);
		assert_int_equal(count(h->f, "topic"), 1);
		assert_int_equal(count(h->f, "topic_member"), 3);
	}
	/* Who leaves is not put into it again. */
	enter(bob, GREETING(0));
	forget(alice);
	say(bob, "{'type':'topic_leave','topic':'general','_reqId':'l'}");
	expect(bob, "{'type':'ack','_reqId':'l'}");
	restart(h);
	enter(carol, GREETING(0));
	assert_int_equal(count(h->f, "topic_member"), 2);
}

TEST(what_a_lead_said_counts_if_it_was_stored)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	say(alice, "{'type':'topic_create','name':'ops','_reqId':'c'}");
	expect(alice, "{'type':'topic_created','created':true}");
	fail_commits(h, ERR_TRY_AGAIN);
	say(alice, "{'type':'topic_member_set','topic':'ops','memberId':'%s','role':'observer','_reqId':'s'}", bob->member_id);
	expect(alice, "{'type':'error','code':'try_again','_reqId':'s'}");
	fail_commits(h, ERR_TRY_AGAIN);
	say(bob, "{'type':'topic_create','name':'mine','visibility':'private','_reqId':'d'}");
	expect(bob, "{'type':'error','code':'try_again','_reqId':'d'}");
	fail_commits(h, 0);
	advance(h, 2000);
	post(bob, "ops", "1");
	forget(alice);
	say(alice, "{'type':'topic_create','name':'mine','visibility':'private','_reqId':'e'}");
	expect(alice, "{'type':'topic_created','created':true}");
	say(alice, "{'type':'topic_member_set','topic':'ops','memberId':'%s','role':'observer','_reqId':'t'}", bob->member_id);
	expect(alice, "{'type':'ack','_reqId':'t'}");
	fail_commits(h, ERR_TRY_AGAIN);
	say(alice, "{'type':'topic_member_set','topic':'ops','memberId':'%s','role':'member','_reqId':'u'}", bob->member_id);
	expect(alice, "{'type':'error','code':'try_again','_reqId':'u'}");
	fail_commits(h, 0);
	advance(h, 2000);
	say(bob, "{'type':'topic_leave','topic':'ops','_reqId':'l'}");
	expect(bob, "{'type':'ack','_reqId':'l'}");
	post_to(bob, "ops", "2");
	expect(bob, "{'type':'ack','id':'2','queued':false,'code':'forbidden'}");
}

/* ---- on the way ---- */

TEST(a_post_is_one_effect_however_many_hear_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *others[50];

	m->max_uses = 100;
	invite(m, 100, 9);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		others[i] = arrive(m, arena_printf(a, "p%zu", i).ptr);
	forget_all(h);
	post(alice, "general", "1");
	assert_int_equal(h->effects, 2); /* the ack, and one block for all */
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		get_posts(others[i], 1, 1);
	expect_nothing(alice);
	advance(h, 600000);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		expect_nothing(others[i]);
}

TEST(a_post_that_was_not_stored_is_no_post)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	post(alice, "general", "1");
	get_posts(bob, 1, 1);
	fail_commits(h, ERR_TRY_AGAIN);
	post_to(alice, "general", "2");
	expect(alice, "{'type':'ack','id':'2','queued':false,'code':'try_again'}");
	expect_nothing(bob);
	fail_commits(h, 0);
	advance(h, 2000);
	post(alice, "general", "2");
	get_posts(bob, 2, 2);
	expect_nothing(bob);
	assert_int_equal(count(h->f, "topic_post"), 2);
	advance(h, 600000);
	expect_nothing(bob);
}

TEST(what_is_not_acked_comes_again_after_the_lease)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	post(alice, "general", "1");
	post(alice, "general", "2");
	expect_post(bob, 1);
	ack_push(bob, expect_post(bob, 2));
	advance(h, LEASE_MS);
	/* The second was acked, but behind one that was not. */
	get_posts(bob, 1, 2);
	advance(h, 10 * LEASE_MS);
	expect_nothing(bob);
	assert_int_equal(engine_stats(h->engine).redelivered, 1);
}

TEST(d_49_posts_come_by_windows_and_in_order)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *carol = newcomer(m, "carol");

	h->engine->settings.window_messages = 8;
	forget_all(h);
	post_many(alice, 100);
	assert_int_equal(pending(bob), 8);
	for (i64 seq = 1; seq <= 100; seq++) {
		ack_push(bob, expect_post(bob, seq));
		assert_true(pending(bob) <= 8);
	}
	expect_nothing(bob);
	enter(carol, GREETING(0));
	assert_int_equal(pending(carol), 8);
	get_posts(carol, 1, 100);
	expect_nothing(carol);
	advance(h, 1000);
	store_now(h);
	restart(h);
	enter(bob, GREETING(0));
	expect_nothing(bob);
}

TEST(who_was_away_for_long_gets_the_newest)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	for (int i = 0; i < TOPIC_CATCH_UP_MAX + 5; i++) {
		say(alice, "{'type':'send','id':'x','targetSpec':'#general','nonce':'','ciphertext':'aGk='}");
		forget(alice);
	}
	enter(bob, GREETING(0));
	get_posts(bob, 6, TOPIC_CATCH_UP_MAX + 5);
	expect_nothing(bob);
}

TEST(a_program_that_does_not_ack_has_got_what_its_socket_took)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");

	enter(bob, GREETING(.capabilities = "[]", .session_id = "one"));
	forget_all(h);
	post(alice, "general", "1");
	post(alice, "general", "2");
	expect_post(bob, 1);
	expect_post(bob, 2);
	written(bob, 1);
	lose(bob);
	enter(bob, GREETING(.capabilities = "[]", .session_id = "one"));
	expect_post(bob, 2);
	expect_nothing(bob);
	written(bob, 3);
	hang_up(bob);
	enter(bob, GREETING(.session_id = "two"));
	expect_nothing(bob);
}

TEST(a_link_leaves_posts_to_sessions_unless_it_asks_for_them)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive_session(m, "bob"), *link = twin(bob), *page = twin(bob);

	enter(link, GREETING(.session_id = "link"));
	enter(page, GREETING(.session_id = "page", .capabilities = "['client_ack','topics']"));
	forget_all(h);
	post(alice, "general", "1");
	get_posts(bob, 1, 1);
	get_posts(page, 1, 1);
	expect_nothing(link);
	/* The session is over: the link hears what follows, and not what it got. */
	hang_up(bob);
	forget_all(h);
	post(alice, "general", "2");
	get_posts(page, 2, 2);
	get_posts(link, 2, 2);
	/* One's own posts come to one's other sessions only. */
	post(page, "general", "3");
	expect_nothing(page);
	expect_nothing(link);
	get_posts(alice, 3, 3);
}

TEST(a_mesh_that_was_put_away_has_its_places)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	forget_all(h);
	post(alice, "general", "1");
	get_posts(bob, 1, 1);
	post(alice, "general", "2");
	expect_post(bob, 2);
	hang_up(alice);
	hang_up(bob);
	for (int i = 0; i < 20; i++)
		advance(h, MESH_IDLE_MS);
	assert_int_equal(engine_stats(h->engine).meshes, 0);
	enter(bob, GREETING(0));
	get_posts(bob, 2, 2);
	expect_nothing(bob);
}

/* ---- removal and devices ---- */

static void remove_now(void *engine, void *peer)
{
	struct engine *e = engine;

	assert_ok(member_remove(member_of(peer), e->batch));
}

/* No verb removes anybody yet: inside a batch, as a verb will. */
static void in_batch(struct peer *p, void (*fn)(void *engine, void *peer))
{
	struct house *h = p->place->house;
	struct timer now = { .fn = fn, .owner = p };

	timer_set(&h->engine->timers, &now, h->engine->mono_ms);
	advance(h, 0);
}

static str copy_for(const struct peer *p)
{
	char sealed[109];

	memset(sealed, 'A', 108);
	memcpy(sealed + 105, "AA=", 3);
	return text(p->place->house->a, "{'memberId':'%s','encryptedKey':'%.*s','nonce':'%.*s'}", p->member_id, 108,
		    sealed, 32, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

TEST(b_07_who_is_removed_makes_the_key_stale_in_the_same_commit)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	const char *body = "'nonce':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA','ciphertext':'AAAAAAAAAAAAAAAAAAAAAAAA','bodyVersion':2";

	forget_all(h);
	say(alice, "{'type':'topic_create','name':'v','members':['%s'],'newKey':{'epoch':1,'copies':[%.*s,%.*s]},'_reqId':'c'}",
	    bob->member_id, STRF(copy_for(alice)), STRF(copy_for(bob)));
	expect(alice, "{'type':'topic_created','topic':{'epoch':1}}");
	forget_all(h);
	say(alice, "{'type':'send','id':'1','targetSpec':'#v',%s,'epoch':1}", body);
	expect(alice, "{'type':'ack','id':'1','queued':true}");
	expect(bob, "{'type':'push','topic':'v','topicSeq':1}");
	in_batch(bob, remove_now);
	expect(bob, "{'type':'error','code':'revoked'}");
	expect_close(bob, 4002, "You've been removed from \"team\". Contact the mesh owner to rejoin.");
	forget(alice);
	say(alice, "{'type':'send','id':'2','targetSpec':'#v',%s,'epoch':1}", body);
	expect(alice, "{'type':'ack','id':'2','queued':false,'code':'stale_epoch'}");
	restart(h);
	enter(alice, GREETING(0));
	say(alice, "{'type':'send','id':'3','targetSpec':'#v',%s,'epoch':1}", body);
	expect(alice, "{'type':'ack','id':'3','queued':false,'code':'stale_epoch'}");
	/* The next key, and nothing sealed for who is gone. */
	say(alice, "{'type':'send','id':'4','targetSpec':'#v',%s,'epoch':2,'newKey':{'epoch':2,'copies':[%.*s,%.*s]}}", body,
	    STRF(copy_for(alice)), STRF(copy_for(bob)));
	expect(alice, "{'type':'ack','id':'4','queued':true,'epoch':2,'recipients':null}");
	assert_int_equal(count(h->f, "topic_copy"), 3);
	say(alice, "{'type':'topic_members','topic':'v','_reqId':'m'}");
	expect(alice, "{'members':[{'displayName':'alice','revoked':null},{'displayName':'bob','revoked':true}]}");
}

static void ban_now(void *engine, void *peer)
{
	struct engine *e = engine;
	struct member *m = member_of(peer);

	assert_ok(member_ban(m, m, STR_NONE, e->batch));
}

static void unban_now(void *engine UNUSED, void *peer)
{
	member_unban(member_of(peer));
}

TEST(who_joins_has_the_key_of_general_wanted)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob, *carol;

	hang_up(alice);
	enter(alice, GREETING(.capabilities = "['client_ack','topics']"));
	bob = arrive(m, "bob");
	say(alice, "{'type':'topic_key_install','topic':'general','newKey':{'epoch':1,'copies':[%.*s,%.*s]},'_reqId':'k'}",
	    STRF(copy_for(alice)), STRF(copy_for(bob)));
	forget_all(h);
	carol = arrive(m, "carol");
	expect(alice, "{'type':'push','event':'topic_key_wanted','eventData':{'topic':'general','memberId':'%s'}}",
	       carol->member_id);
	expect(alice, "{'type':'push','event':'peer_joined'}");
	say(alice, "{'type':'topic_pending_seals','topic':'general','_reqId':'p'}");
	expect(alice, "{'type':'topic_pending_seals_response','pending':[{'displayName':'owner'},{'memberId':'%s'}]}",
	       carol->member_id);
}

TEST(who_is_unbanned_is_given_the_keys_made_meanwhile)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	const char *body = "'nonce':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA','ciphertext':'AAAAAAAAAAAAAAAAAAAAAAAA','bodyVersion':2";

	hang_up(alice);
	enter(alice, GREETING(.capabilities = "['client_ack','topics']"));
	forget_all(h);
	say(alice, "{'type':'topic_create','name':'v','members':['%s'],'newKey':{'epoch':1,'copies':[%.*s,%.*s]},'_reqId':'c'}",
	    bob->member_id, STRF(copy_for(alice)), STRF(copy_for(bob)));
	expect(alice, "{'type':'topic_created','topic':{'epoch':1}}");
	in_batch(bob, ban_now);
	forget_all(h);
	say(alice, "{'type':'send','id':'1','targetSpec':'#v',%s,'epoch':2,'newKey':{'epoch':2,'copies':[%.*s,%.*s]}}", body,
	    STRF(copy_for(alice)), STRF(copy_for(bob)));
	expect(alice, "{'type':'ack','id':'1','queued':true,'epoch':2,'recipients':null}");
	forget_all(h);
	say(alice, "{'type':'topic_pending_seals','topic':'v','_reqId':'p'}");
	expect(alice, "{'type':'topic_pending_seals_response','pending':[]}");
	in_batch(bob, unban_now);
	expect(alice, "{'type':'push','event':'topic_key_wanted','eventData':{'topic':'v','memberId':'%s'}}", bob->member_id);
	say(alice, "{'type':'topic_pending_seals','topic':'v','_reqId':'p'}");
	expect(alice, "{'type':'topic_pending_seals_response','pending':[{'memberId':'%s'}]}", bob->member_id);
	say(alice, "{'type':'send','id':'2','targetSpec':'#v',%s,'epoch':2}", body);
	expect(alice, "{'type':'ack','id':'2','queued':true,'recipients':1}");
	restart(h);
	enter(bob, GREETING(0));
	expect(bob, "{'type':'push','topic':'v'}");
}

/* The peer becomes a device of alice. */
static void become_device(void *engine UNUSED, void *peer)
{
	struct member *device = member_of(peer), *person, *next;

	HASH_ITER(hh, device->mesh->members, person, next)
		if (str_eq(person->name, S("alice")))
			device->device_of = person->no;
	topic_device_join(device);
}

TEST(a_device_is_in_what_its_person_is_in_and_reads_for_it)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *laptop = arrive(m, "laptop"), *bob = arrive(m, "bob");

	say(alice, "{'type':'topic_create','name':'p','visibility':'private','_reqId':'c'}");
	in_batch(laptop, become_device);
	forget_all(h);
	say(alice, "{'type':'topic_member_set','topic':'p','memberId':'%s','_reqId':'s'}", bob->member_id);
	expect(alice, "{'type':'ack','_reqId':'s'}");
	forget_all(h);
	post(bob, "p", "1");
	ack_push(alice, expect(alice, "{'type':'push','topic':'p','topicSeq':1}"));
	ack_push(laptop, expect(laptop, "{'type':'push','topic':'p','topicSeq':1}"));
	say(laptop, "{'type':'topic_mark_read','topic':'p','_reqId':'r'}");
	expect(laptop, "{'type':'ack','_reqId':'r'}");
	say(alice, "{'type':'topic_list','_reqId':'l'}");
	expect(alice, "{'type':'topic_list_response','topics':[{'name':'general'},{'name':'p','unread':0,'memberCount':'*'}]}");
	/* What the person says is nothing unread for it anywhere. */
	post(bob, "p", "2");
	forget_all(h);
	post(alice, "p", "3");
	forget_all(h);
	say(laptop, "{'type':'topic_list','_reqId':'l'}");
	expect(laptop, "{'topics':[{'name':'general'},{'name':'p','unread':1}]}");
	/* Who leaves, leaves with all devices. */
	say(laptop, "{'type':'topic_leave','topic':'p','_reqId':'x'}");
	expect(laptop, "{'type':'ack','_reqId':'x'}");
	say(alice, "{'type':'topic_history','topic':'p','_reqId':'h'}");
	expect(alice, "{'type':'error','code':'topic_not_found'}");
}

TEST(a_mention_of_a_device_is_one_of_its_person)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *laptop = arrive(m, "laptop"), *bob = arrive(m, "bob");

	in_batch(laptop, become_device);
	forget_all(h);
	say(bob, "{'type':'send','id':'1','targetSpec':'#general','nonce':'','ciphertext':'','mentions':['alice','laptop','bob']}");
	expect(bob, "{'type':'ack','id':'1','notifications':1}");
	forget_all(h);
	say(laptop, "{'type':'notification_list','_reqId':'n'}");
	expect(laptop, "{'type':'notification_list_response','unread':1,'mentionedAs':'laptop'}");
	say(laptop, "{'type':'notification_read','all':true,'_reqId':'r'}");
	expect(laptop, "{'type':'notification_read_response','marked':1}");
	say(alice, "{'type':'notification_list','unread':true,'_reqId':'n'}");
	expect(alice, "{'type':'notification_list_response','unread':0,'notifications':[]}");
}

/* ---- limits ---- */

TEST(posts_draw_from_the_allowance_of_sends)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	h->engine->settings.rate_per_minute = 60;
	h->engine->settings.rate_burst = 3;
	forget_all(h);
	post(alice, "general", "1");
	send_to(alice, bob->pubkey, "2", NULL);
	expect(alice, "{'type':'ack','id':'2','queued':true}");
	post(alice, "general", "3");
	post_to(alice, "general", "4");
	expect(alice, "{'type':'ack','id':'4','queued':false,'code':'rate_limit'}");
	/* What was accepted is answered again all the same. */
	post_to(alice, "general", "1");
	expect(alice, "{'type':'ack','id':'1','queued':true,'duplicate':true}");
	advance(h, 1000);
	post(alice, "general", "4");
}

TEST(news_of_topics_are_bounded)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");

	h->engine->settings.lists_kb_per_minute = 8;
	forget_all(h);
	for (int i = 0; i < 12; i++)
		say(alice, "{'type':'topic_%s','topic':'general'}", i % 2 ? "join" : "leave");
	forget(alice);
	say(alice, "{'type':'topic_leave','topic':'general','_reqId':'l'}");
	expect(alice, "{'type':'error','code':'rate_limit'}");
	advance(h, 60000);
	say(alice, "{'type':'topic_leave','topic':'general','_reqId':'l'}");
	expect(alice, "{'type':'ack','_reqId':'l'}");
}

/* The first is made with its topic; each further one is kept for good. */
TEST(keys_of_a_topic_are_bounded)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str sealed = base64_encode(a, str_of(memset(arena_alloc(a, 80), 7, 80), 80));
	str nonce = base64_encode(a, str_of(memset(arena_alloc(a, 24), 7, 24), 24));

	h->engine->settings.rate_per_minute = 60;
	h->engine->settings.rate_burst = 3;
	say(alice, "{'type':'topic_create','name':'ops'}");
	forget_all(h);
	for (int epoch = 1; epoch <= 5; epoch++) {
		say(alice, "{'type':'topic_key_install','topic':'ops','_reqId':'%d','newKey':{'epoch':%d,'copies':["
		    "{'memberId':'%s','encryptedKey':'%.*s','nonce':'%.*s'}]}}", epoch, epoch, alice->member_id,
		    STRF(sealed), STRF(nonce));
		expect(alice, epoch < 5 ? "{'type':'topic_key_installed'}" : "{'type':'error','code':'rate_limit'}");
		forget(alice);
	}
}

TEST(topics_are_bounded)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");

	for (int i = 0; i < TOPICS_PER_MEMBER_MAX; i++) {
		say(bob, "{'type':'topic_create','name':'t%d'}", i);
		forget(bob);
	}
	say(bob, "{'type':'topic_create','name':'more','_reqId':'c'}");
	expect(bob, "{'type':'error','code':'conflict'}");
	forget(alice);
	say(alice, "{'type':'topic_create','name':'more','_reqId':'c'}");
	expect(alice, "{'type':'topic_created','created':true}");
}

TEST_MAIN("engine/topic")
