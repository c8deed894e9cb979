#include "client/topics.h"

#include "client/test_room.h"

TEST(who_makes_a_topic_makes_its_key_for_those_it_knows)
{
	struct topic_create_args in = { .name = S("ops") };
	struct topic_created_args made;
	struct strs left_out;
	struct room r;

	open_room(&r);
	assert_ok(topics_create(&r.people[0].topics, &in, &made, &left_out));
	assert_int_equal(r.epoch, 1);
	assert_int_equal(r.n_copies, 3);
	assert_int_equal(left_out.n, 1);
	assert_str(left_out.items[0], S("dave"));
	post(&r, 0, "hello");
	post(&r, 1, "hi @alice");
	assert_int_equal(r.installs, 1);
	assert_int_equal(r.posts[0].bodyVersion, 2);
	for (size_t i = 0; i < 3; i++) {
		reads(&r, i, 0, "hello");
		reads(&r, i, 1, "hi @alice");
	}
	reads(&r, 3, 0, NULL);
	close_room(&r);
}

TEST(the_first_post_of_ours_claims_what_has_no_key)
{
	struct topic_posted got;
	struct room r;

	open_room(&r);
	got = post(&r, 0, "hello");
	assert_true(got.encrypted && got.made_key);
	assert_int_equal(got.epoch, 1);
	assert_int_equal(got.left_out.n, 1);
	assert_false(post(&r, 0, "again").made_key);
	close_room(&r);
}

TEST(a_plain_topic_stays_plain)
{
	struct topic_posted got;
	struct room r;

	open_room(&r);
	r.plaintext = true;
	got = post(&r, 0, "hello");
	assert_false(got.encrypted);
	assert_int_equal(r.epoch, 0);
	reads(&r, 3, 0, "hello");
	close_room(&r);
}

/* A broker that calls an encrypted topic plain text, or says that its name is another's. */
TEST(what_had_a_key_is_never_posted_to_as_plain_text)
{
	struct topic_post in = { .topic = S("ops"), .text = S("secret") };
	struct topic_create_args create = { .name = S("new") };
	struct topic_created_args made;
	struct topic_posted out;
	struct strs left_out;
	struct room r;

	open_room(&r);
	post(&r, 0, "hello");
	r.plaintext = r.stale = true;
	for (int i = 0; i < 2; i++) {
		assert_err(topics_post(&r.people[0].topics, &in, &out), CONFLICT);
		r.epoch = 0;
	}
	assert_int_equal(r.n_posts, 1);
	r.other_id = true;
	for (int i = 0; i < 2; i++)
		assert_err(topics_post(&r.people[0].topics, &in, &out), CONFLICT);
	assert_int_equal(r.n_posts, 1);
	r.exists = false;
	assert_err(topics_create(&r.people[1].topics, &create, &made, &left_out), CONFLICT);
	create.plaintext = true;
	assert_ok(topics_create(&r.people[1].topics, &create, &made, &left_out));
	close_room(&r);
}

TEST(plain_text_is_posted_where_there_is_no_key_and_nowhere_else)
{
	struct topic_post in = { .topic = S("#ops"), .text = S("open"), .plaintext = true };
	struct topic_posted out;
	struct room r;

	open_room(&r);
	assert_ok(topics_post(&r.people[0].topics, &in, &out));
	assert_false(out.encrypted);
	assert_int_equal(r.epoch, 0);
	post(&r, 1, "secret");
	assert_err(topics_post(&r.people[0].topics, &in, &out), BAD_REQUEST);
	close_room(&r);
}

/* Somebody leaves: the next post brings the next key, and who left reads no more. */
TEST(who_was_removed_cannot_read_what_follows)
{
	struct room r;

	open_room(&r);
	post(&r, 0, "before");
	reads(&r, 2, 0, "before");
	r.people[2].is_in = false;
	r.stale = true;
	assert_true(post(&r, 1, "after").made_key);
	assert_int_equal(r.epoch, 2);
	reads(&r, 0, 1, "after");
	reads(&r, 2, 1, NULL);
	reads(&r, 2, 0, "before");
	/* Whoever has not heard of it is told, and posts under the new key. */
	assert_false(post(&r, 0, "more").made_key);
	assert_int_equal(r.posts[2].epoch, 2);
	reads(&r, 2, 2, NULL);
	close_room(&r);
}

static void bob_is_quicker(struct room *r)
{
	post(r, 1, "bob's");
}

TEST(of_two_posters_on_a_stale_epoch_one_makes_the_key)
{
	struct topic_posted got;
	struct room r;

	open_room(&r);
	post(&r, 0, "before");
	line(&r, 1, 0);
	r.stale = true;
	r.meanwhile = bob_is_quicker;
	got = post(&r, 0, "alice's");
	assert_false(got.made_key);
	assert_int_equal(r.epoch, 2);
	assert_int_equal(r.installs, 2);
	assert_int_equal(r.n_posts, 3);
	reads(&r, 0, 1, "bob's");
	reads(&r, 1, 2, "alice's");
	reads(&r, 2, 2, "alice's");
	close_room(&r);
}

static void always(struct room *r)
{
	r->epoch++;
	r->stale = true;
	r->meanwhile = always;
}

TEST(a_race_that_is_lost_for_ever_ends)
{
	struct topic_post in = { .topic = S("ops"), .text = S("x") };
	struct topic_posted out;
	struct room r;
	struct err *e;

	open_room(&r);
	r.meanwhile = always;
	e = topics_post(&r.people[0].topics, &in, &out);
	assert_err(e, CONFLICT);
	assert_str(err_wire(e), S("stale_epoch"));
	close_room(&r);
}

/* A broker that goes back would have who comes now read what was written before. */
TEST(an_old_key_is_not_sealed_as_the_present_one)
{
	struct room r;
	size_t n;

	open_room(&r);
	r.people[2].is_in = false;
	post(&r, 0, "one");
	r.stale = true;
	assert_int_equal(post(&r, 0, "two").epoch, 2);
	r.people[2].is_in = true;
	r.epoch = 1;
	assert_ok(topics_seal_pending(&r.people[0].topics, S("ops"), &n));
	assert_int_equal(n, 0);
	r.epoch = 2;
	assert_ok(topics_seal_pending(&r.people[0].topics, S("ops"), &n));
	assert_int_equal(n, 1);
	close_room(&r);
}

TEST(who_joins_is_sealed_for_by_whoever_knows_them)
{
	struct room r;
	size_t n;

	open_room(&r);
	r.people[2].is_in = false;
	post(&r, 0, "before");
	r.people[2].is_in = true;
	reads(&r, 2, 0, NULL);
	assert_ok(topics_seal_pending(&r.people[1].topics, S("ops"), &n));
	assert_int_equal(n, 0); /* bob has not read anything yet, so has no key at hand */
	reads(&r, 1, 0, "before");
	assert_ok(topics_seal_pending(&r.people[1].topics, S("ops"), &n));
	assert_int_equal(n, 1); /* carol; nobody knows dave */
	assert_ok(topics_seal_pending(&r.people[0].topics, S("ops"), &n));
	assert_int_equal(n, 0);
	reads(&r, 2, 0, "before");
	reads(&r, 3, 0, NULL);
	/* Once somebody compared numbers, dave too. */
	assert_ok(keys_confirm(r.arena, &r.people[0].paths, S("mesh0001"), r.people[3].mesh.pubkey));
	assert_ok(topics_init(r.arena, r.people[0].topics.client, &r.people[0].mesh, answer, &r.people[0],
			      &r.people[0].topics));
	assert_ok(topics_seal_pending(&r.people[0].topics, S("ops"), &n));
	assert_int_equal(n, 1);
	reads(&r, 3, 0, "before");
	close_room(&r);
}

/* In a topic that is not stale only a lead makes a key: who has none waits, and is told for what. */
TEST(who_has_no_key_yet_is_told_what_to_wait_for)
{
	struct topic_post in = { .topic = S("ops"), .text = S("x") };
	struct topic_posted out;
	struct room r;
	struct err *e;

	open_room(&r);
	r.people[3].is_in = false;
	post(&r, 0, "one");
	r.people[3].is_in = true;
	r.lead = &r.people[0];
	e = topics_post(&r.people[3].topics, &in, &out);
	assert_err(e, CONFLICT);
	assert_str(err_wire(e), S("no_key"));
	r.lead = NULL;
	post(&r, 3, "dave's");
	r.lead = &r.people[0];
	e = topics_post(&r.people[1].topics, &in, &out);
	assert_err(e, CONFLICT);
	assert_str(err_wire(e), S("untrusted_key"));
	assert_true(post(&r, 0, "alice's").made_key);
	close_room(&r);
}

/* A key that a stranger sealed is good for reading; nothing is written under it. */
TEST(a_key_of_a_stranger_is_replaced_before_the_first_post)
{
	struct room r;

	open_room(&r);
	post(&r, 3, "dave's");
	assert_int_equal(r.epoch, 1);
	reads(&r, 0, 0, "dave's");
	assert_true(post(&r, 0, "alice's").made_key);
	assert_int_equal(r.epoch, 2);
	reads(&r, 1, 1, "alice's");
	reads(&r, 3, 1, NULL);
	close_room(&r);
}

/* A broker that keeps a removed member's key alive by passing it off as the new one. */
TEST(an_old_copy_passed_off_as_the_new_one_is_found_out)
{
	struct room r;

	open_room(&r);
	post(&r, 0, "one");
	r.epoch = 2;
	for (size_t i = 0, n = r.n_copies; i < n; i++)
		add_copy(&r, 2, r.copies[i].sealer_id, &r.copies[i].copy);
	assert_true(post(&r, 1, "two").made_key);
	assert_int_equal(r.epoch, 3);
	close_room(&r);
}

TEST(a_broker_that_goes_back_to_an_older_key_is_not_followed)
{
	struct topic_post in = { .topic = S("ops"), .text = S("x") };
	struct topic_posted out;
	struct room r;

	open_room(&r);
	post(&r, 0, "one");
	r.stale = true;
	post(&r, 0, "two");
	r.epoch = 1;
	assert_err(topics_post(&r.people[0].topics, &in, &out), CONFLICT);
	close_room(&r);
}

TEST(a_copy_that_does_not_open_is_dropped_so_that_another_is_sealed)
{
	struct room r;
	size_t n;

	open_room(&r);
	post(&r, 0, "one");
	for (size_t i = 0; i < r.n_copies; i++)
		if (str_eq(r.copies[i].member_id, r.people[1].mesh.memberId))
			r.copies[i].copy.nonce = S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
	reads(&r, 1, 0, NULL);
	assert_int_equal(r.drops, 1);
	assert_ok(topics_seal_pending(&r.people[0].topics, S("ops"), &n));
	assert_int_equal(n, 1);
	reads(&r, 1, 0, "one");
	close_room(&r);
}

TEST(bodies_that_were_changed_say_so)
{
	struct topic_line got;
	struct room r;

	open_room(&r);
	post(&r, 0, "one");
	reads(&r, 1, 0, "one");
	r.posts[0].ciphertext = S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
	got = line(&r, 1, 0);
	assert_false(got.readable || got.no_key);
	assert_true(str_contains(got.why, S("changed")));
	r.posts[0].bodyVersion = 1;
	r.posts[0].ciphertext = S("/w==");
	assert_false(line(&r, 1, 0).readable);
	r.posts[0].ciphertext = S("!");
	assert_false(line(&r, 1, 0).readable);
	close_room(&r);
}

TEST(a_post_by_the_start_of_its_id)
{
	struct room r;
	str id = STR_NONE;

	open_room(&r);
	post(&r, 0, "one");
	post(&r, 0, "two");
	assert_ok(topics_find_post(&r.people[0].topics, S("ops"), S("Post0000000000000000000000000001"), &id));
	assert_err(topics_find_post(&r.people[0].topics, S("ops"), S("Post0000"), &id), AMBIGUOUS);
	assert_err(topics_find_post(&r.people[0].topics, S("ops"), S("Nost0000"), &id), NOT_FOUND);
	r.n_posts = 1;
	assert_ok(topics_find_post(&r.people[0].topics, S("ops"), S("Post0000"), &id));
	assert_str(id, r.posts[0].id);
	close_room(&r);
}

static const struct { const char *text; size_t len; enum err_code code; } bad_texts[] = {
	{ "", 0, ERR_BAD_REQUEST }, { "\xff", 1, ERR_BAD_REQUEST }, { "a\0b", 3, ERR_BAD_REQUEST },
};

TEST(what_is_no_text_is_not_posted)
{
	struct topic_post in = { .topic = S("ops") };
	struct topic_posted out;
	struct err *e;
	struct room r;

	open_room(&r);
	for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++) {
		in.text = str_of(bad_texts[i].text, bad_texts[i].len);
		e = topics_post(&r.people[0].topics, &in, &out);
		assert_true(e && e->code == bad_texts[i].code);
	}
	in.text = str_of(arena_alloc(r.arena, COMPOSE_TEXT_MAX + 1), COMPOSE_TEXT_MAX + 1);
	assert_err(topics_post(&r.people[0].topics, &in, &out), TOO_LARGE);
	assert_int_equal(r.asked_keys, 0);
	close_room(&r);
}

TEST_MAIN("client/topics")
