#include "engine/dedupe.h"

#include "base/random.h"
#include "base/test.h"

static struct dedupe *table(void)
{
	static u8 key[HASH_KEY_BYTES];

	key[0]++;
	return dedupe_new(key);
}

static bool holds(const struct dedupe *d, u64 hash, i64 no)
{
	size_t at = 0;
	i64 found;

	while ((found = dedupe_next(d, hash, &at)))
		if (found == no)
			return true;
	return false;
}

TEST(an_empty_table_has_nothing)
{
	struct dedupe *d = table();
	size_t at = 0;

	assert_int_equal(dedupe_next(d, 5, &at), 0);
	dedupe_drop(d, 5, 1);
	assert_int_equal(dedupe_count(d), 0);
	dedupe_free(d);
	dedupe_free(NULL);
}

TEST(the_hash_depends_on_mesh_sender_and_id)
{
	struct dedupe *d = table(), *other = table();
	u64 h = dedupe_hash(d, 1, 2, S("x"));

	assert_true(h == dedupe_hash(d, 1, 2, S("x")));
	assert_true(h != dedupe_hash(d, 2, 2, S("x")));
	assert_true(h != dedupe_hash(d, 1, 3, S("x")));
	assert_true(h != dedupe_hash(d, 1, 2, S("y")));
	assert_true(h != dedupe_hash(d, 1, 2, S("x ")));
	assert_true(h != dedupe_hash(other, 1, 2, S("x"))); /* its key is its own */
	dedupe_free(d);
	dedupe_free(other);
}

TEST(equal_hashes_are_all_found)
{
	struct dedupe *d = table();

	for (i64 no = 1; no <= 40; no++)
		dedupe_add(d, 7, no);
	for (i64 no = 1; no <= 40; no += 2)
		dedupe_drop(d, 7, no);
	dedupe_drop(d, 7, 1);
	dedupe_drop(d, 8, 2);
	assert_int_equal(dedupe_count(d), 20);
	for (i64 no = 1; no <= 40; no++)
		assert_int_equal(holds(d, 7, no), no % 2 == 0);
	dedupe_free(d);
}

/* Against a plain list, with hashes that crowd at the end of a part. */
TEST(whatever_comes_and_goes_is_right)
{
	enum { N = 4000 };
	struct dedupe *d = table();
	static bool there[N + 1];
	static u64 hashes[N + 1];
	struct random_seed seed = { 3 };
	struct random r = random_seeded(&seed);
	size_t n = 0;

	for (i64 no = 1; no <= N; no++)
		hashes[no] = random_below(&r, 3) << 56 | (u64)-1 >> 40 << 8 | random_below(&r, 256);
	for (int step = 0; step < 20000; step++) {
		i64 no = 1 + (i64)random_below(&r, N);

		if (there[no])
			dedupe_drop(d, hashes[no], no);
		else
			dedupe_add(d, hashes[no], no);
		there[no] = !there[no];
		n += there[no] ? 1 : (size_t)-1;
	}
	assert_int_equal(dedupe_count(d), n);
	for (i64 no = 1; no <= N; no++)
		assert_int_equal(holds(d, hashes[no], no), there[no]);
	assert_true(dedupe_bytes(d) < 1 << 20);
	dedupe_free(d);
}

TEST(a_part_is_listed_in_order_and_forgotten)
{
	enum { N = 3000 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct random_seed seed = { 5 };
	struct random r = random_seeded(&seed);
	struct dedupe *d = table();
	struct dedupe_entry *entries;
	static u64 hashes[N + 1];
	size_t listed = 0, before;

	for (i64 no = 1; no <= N; no++) {
		random_fill(&r, &hashes[no], sizeof(hashes[no]));
		if (no % 10 == 0)
			hashes[no] = hashes[no - 1];
		dedupe_add(d, hashes[no], no);
	}
	before = dedupe_bytes(d);
	for (size_t part = 0; part < DEDUPE_PARTS; part++) {
		size_t n = dedupe_list(d, a, part, N / 2, &entries);

		listed += n;
		for (size_t i = 0; i < n; i++) {
			assert_true(entries[i].no <= N / 2 && entries[i].hash == hashes[entries[i].no]);
			assert_int_equal(entries[i].hash >> 56, part);
			assert_true(i == 0 || entries[i - 1].hash < entries[i].hash ||
				    (entries[i - 1].hash == entries[i].hash && entries[i - 1].no < entries[i].no));
		}
		dedupe_forget(d, part, N / 2);
		assert_int_equal(dedupe_list(d, a, part, N / 2, &entries), 0);
	}
	assert_int_equal(listed, N / 2);
	assert_int_equal(dedupe_count(d), N / 2);
	for (i64 no = 1; no <= N; no++)
		assert_int_equal(holds(d, hashes[no], no), no > N / 2);
	for (size_t part = 0; part < DEDUPE_PARTS; part++)
		dedupe_forget(d, part, N);
	assert_int_equal(dedupe_count(d), 0);
	assert_true(dedupe_bytes(d) <= before);
	dedupe_add(d, 7, 1);
	assert_true(holds(d, 7, 1));
	dedupe_free(d);
}

TEST_MAIN("engine/dedupe")
