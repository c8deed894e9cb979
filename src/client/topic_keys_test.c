#include "client/topic_keys.h"

#include "client/test_dir.h"

static const struct topic_slot slot_one = { S("mesh0001"), S("topic001"), 1 };
static const struct topic_slot slot_two = { S("mesh0001"), S("topic001"), 2 };

static struct topic_keys_args load(struct arena *a, const struct paths *p)
{
	struct topic_keys_args keys;

	assert_ok(topic_keys_load(a, p, S("mesh0001"), &keys));
	return keys;
}

TEST(a_key_is_kept_in_a_private_file)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	u8 key[TOPIC_KEY_BYTES] = { 1, 2, 3 }, got[TOPIC_KEY_BYTES];
	struct topic_keys_args keys = load(a, &p);
	const struct topic_key_args *row;

	assert_int_equal(keys.keys.n, 0);
	assert_ok(topic_keys_add(a, &p, S("mesh0001"), &slot_one, key, true));
	keys = load(a, &p);
	row = topic_keys_get(&keys, S("topic001"), 1);
	assert_non_null(row);
	assert_true(row->trusted && topic_key_bytes(row, got));
	assert_memory_equal(got, key, sizeof(key));
	assert_null(topic_keys_get(&keys, S("topic001"), 2));
	assert_null(topic_keys_get(&keys, S("topic002"), 1));
	assert_int_equal(test_mode(a, arena_printf(a, "%.*s/topics/mesh0001.json", STRF(p.keys))), 0600);
	assert_int_equal(test_mode(a, arena_printf(a, "%.*s/topics", STRF(p.keys))), 0700);
	assert_ok(topic_keys_remove(a, &p, S("mesh0001")));
	assert_int_equal(load(a, &p).keys.n, 0);
}

TEST(a_trusted_key_never_changes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	u8 key[TOPIC_KEY_BYTES] = { 1 }, other[TOPIC_KEY_BYTES] = { 2 };
	struct topic_keys_args keys;

	assert_ok(topic_keys_add(a, &p, S("mesh0001"), &slot_one, other, false));
	/* What nobody vouches for gives way, and does not come back. */
	assert_ok(topic_keys_add(a, &p, S("mesh0001"), &slot_one, key, true));
	assert_err(topic_keys_add(a, &p, S("mesh0001"), &slot_one, other, true), CONFLICT);
	assert_err(topic_keys_add(a, &p, S("mesh0001"), &slot_one, other, false), CONFLICT);
	assert_ok(topic_keys_add(a, &p, S("mesh0001"), &slot_one, key, false));
	assert_ok(topic_keys_add(a, &p, S("mesh0001"), &slot_two, other, true));
	keys = load(a, &p);
	assert_true(topic_keys_get(&keys, S("topic001"), 1)->trusted);
	assert_str(topic_keys_get(&keys, S("topic001"), 2)->key,
		   S("0200000000000000000000000000000000000000000000000000000000000000"));
}

TEST(an_epoch_never_goes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	const struct topic_known_args *t;
	struct topic_keys_args keys;

	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("topic001"), S("ops"), 0));
	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("topic001"), S("ops"), 3));
	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("topic001"), S("ops"), 3));
	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("topic001"), S("ops"), 2));
	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("topic001"), S("ops"), 0));
	keys = load(a, &p);
	assert_int_equal(topic_keys_get_topic(&keys, S("ops"))->epoch, 3);
	/* The name went to another topic. */
	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("topic002"), S("ops"), 1));
	keys = load(a, &p);
	t = topic_keys_get_topic(&keys, S("ops"));
	assert_str(t->topic_id, S("topic002"));
	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("topic001"), S("old"), 4));
	keys = load(a, &p);
	assert_int_equal(topic_keys_get_topic(&keys, S("topic001"))->epoch, 4);
	assert_int_equal(keys.topics.n, 2);
}

TEST(the_oldest_make_room)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct topic_keys_args keys;
	str path = arena_printf(a, "%.*s/topics/mesh0001.json", STRF(p.keys));
	struct buf text = buf_make(4 << 20);

	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("t-x"), S("x"), 1));
	buf_add(&text, S("{\"topics\":["));
	for (int i = 0; i < TOPICS_KNOWN_MAX; i++)
		buf_printf(&text, "%s{\"topic_id\":\"t%d\",\"name\":\"n%d\",\"epoch\":1}", i ? "," : "", i, i);
	buf_add(&text, S("]}"));
	test_write(a, path, buf_str(&text), 0600);
	buf_done(&text);
	assert_ok(topic_keys_see(a, &p, S("mesh0001"), S("t-new"), S("new"), 1));
	keys = load(a, &p);
	assert_int_equal(keys.topics.n, TOPICS_KNOWN_MAX);
	assert_null(topic_keys_get_topic(&keys, S("t0")));
	assert_non_null(topic_keys_get_topic(&keys, S("t1")));
	assert_non_null(topic_keys_get_topic(&keys, S("new")));
}

TEST(hostile_ids_and_damaged_files_are_refused)
{
	static const str bad[] = { S(""), S("../x"), S("a/b"), S("a.b"), S("\xff") };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	str path = arena_printf(a, "%.*s/topics/mesh0001.json", STRF(p.keys));
	u8 key[TOPIC_KEY_BYTES] = { 1 };
	struct topic_keys_args keys;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_err(topic_keys_load(a, &p, bad[i], &keys), BAD_REQUEST);
	assert_ok(topic_keys_add(a, &p, S("mesh0001"), &slot_one, key, true));
	test_write(a, path, S("{\"keys\":[{\"topic_id\":\"t\",\"epoch\":0,\"key\":\"\"}]}"), 0600);
	assert_err(topic_keys_load(a, &p, S("mesh0001"), &keys), BAD_REQUEST);
	test_write(a, path, S("{}"), 0644);
	assert_err(topic_keys_load(a, &p, S("mesh0001"), &keys), FORBIDDEN);
}

TEST_MAIN("client/topic-keys")
