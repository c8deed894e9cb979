#include "engine/shard.h"

#include "base/test.h"

/* Whatever changes these moves meshes between shards that may still run. */
TEST(the_shard_of_an_id_is_fixed)
{
	static const struct { const char *id; unsigned of[4]; } cases[] = {
		{ "00000000000000000000000000000000", { 0, 0, 2, 0 } },
		{ "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", { 0, 0, 1, 2 } },
		{ "4f9Kq0bT2mXw7RzN1cYhU8sLdVe3GjPa", { 0, 1, 0, 3 } },
		{ "9VbQ3kLmZ0xT5yRcW1nHs7fJgUe2DoPi", { 0, 1, 2, 5 } },
		{ "", { 0, 1, 0, 1 } },
	};
	static const unsigned shards[] = { 1, 2, 3, 8 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t k = 0; k < ARRAY_LEN(shards); k++)
			assert_int_equal(mesh_shard(str_from(cases[i].id), shards[k]), cases[i].of[k]);
}

/* Ids that differ in one character only are spread as well as random ones. */
TEST(every_shard_gets_its_part)
{
	size_t n[SHARDS_MAX] = { 0 };
	char id[33];

	for (unsigned i = 0; i < 8000; i++) {
		snprintf(id, sizeof(id), "mesh%028u", i);
		n[mesh_shard(str_from(id), SHARDS_MAX)]++;
	}
	for (size_t i = 0; i < SHARDS_MAX; i++)
		assert_true(n[i] > 800 && n[i] < 1200);
}

TEST_MAIN("engine/shard")
