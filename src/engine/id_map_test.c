#include "engine/id_map.h"

#include "base/test.h"

static size_t ranges_with(const struct id_map *map, i64 no, i64 first_us, i64 last_us, bool *ret_has)
{
	const struct id_range *r;
	size_t at = 0, n = 0;

	*ret_has = false;
	while ((r = id_map_next(map, first_us, last_us, &at))) {
		*ret_has |= r->first_no <= no && no <= r->last_no;
		n++;
	}
	return n;
}

TEST(an_id_is_in_one_range_while_the_clock_goes_on)
{
	struct id_map map = { 0 };
	bool has;

	for (i64 no = 10; no < 10010; no++)
		id_map_add(&map, no, 5000000 + no * 7);
	assert_int_equal(map.n, 40);
	assert_int_equal(id_map_count(map.items, map.n), 10000);
	for (i64 no = 10; no < 10010; no++) {
		assert_int_equal(ranges_with(&map, no, 5000000 + no * 7, 5000000 + no * 7, &has), 1);
		assert_true(has);
	}
	assert_int_equal(ranges_with(&map, 0, 0, 100, &has), 0);
	id_map_done(&map);
}

/* Numbers with holes, and clocks that are set back and forth. */
TEST(an_id_is_found_whatever_the_clock_did)
{
	static const i64 jumps[] = { 0, -3600, 10, -1, 864000, -86400 };
	struct id_map map = { 0 }, again = { 0 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	static i64 us[6000];
	bool has;

	for (i64 i = 0; i < 6000; i++) {
		us[i] = 1700000000000000 + i * 1000 + jumps[i / 100 % 6] * 1000000;
		id_map_add(&map, i * 3 + (i > 3000 ? 20000 : 0), us[i]);
	}
	id_map_unpack(&again, id_map_pack(a, map.items, map.n));
	assert_int_equal(again.n, map.n);
	for (i64 i = 0; i < 6000; i++) {
		i64 no = i * 3 + (i > 3000 ? 20000 : 0);

		ranges_with(&map, no, us[i], us[i], &has);
		assert_true(has);
		ranges_with(&again, no, us[i] - 5, us[i] + 5, &has);
		assert_true(has);
	}
	id_map_drop(&map, map.n - 1);
	assert_int_equal(map.n, 1);
	ranges_with(&map, 5999 * 3 + 20000, us[5999], us[5999], &has);
	assert_true(has);
	id_map_done(&map);
	id_map_done(&again);
}

TEST(a_sealed_range_does_not_grow)
{
	struct id_map map = { 0 };

	id_map_add(&map, 1, 10);
	id_map_seal(&map);
	id_map_add(&map, 2, 20);
	id_map_add(&map, 3, 30);
	assert_int_equal(map.n, 2);
	assert_int_equal(map.items[0].last_no, 1);
	assert_int_equal(map.items[1].last_no, 3);
	id_map_done(&map);
}

TEST(what_is_cut_off_is_no_range)
{
	struct id_map map = { 0 };

	id_map_unpack(&map, S("0123456789012345678901234567890"));
	id_map_unpack(&map, STR_NONE);
	assert_int_equal(map.n, 0);
	id_map_done(&map);
}

TEST_MAIN("engine/id_map")
