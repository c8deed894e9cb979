#include "client/keys.h"

#include "client/resolve.h"
#include "client/test_dir.h"

TEST(a_key_is_confirmed_once_and_stays_so)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct sign_pair one = test_pair(1), two = test_pair(2);
	struct paths p = test_paths(a);
	struct mesh_keys_args keys = { .mesh_id = S("mesh0001"), .slug = S("demo") };
	struct member_args rows[] = { { .pubkey = sign_pair_pubkey(a, &one) }, { .pubkey = sign_pair_pubkey(a, &two) } };
	struct member_list list = { rows, ARRAY_LEN(rows), true };

	assert_ok(keys_save(a, &p, &keys));
	assert_ok(keys_confirm(a, &p, S("mesh0001"), rows[0].pubkey));
	assert_ok(keys_confirm(a, &p, S("mesh0001"), rows[0].pubkey));
	assert_ok(keys_load(a, &p, S("mesh0001"), &keys));
	assert_int_equal(keys.confirmed.n, 1);
	assert_str(keys.slug, S("demo"));
	assert_true(keys_is_confirmed(&keys, rows[0].pubkey));
	assert_false(keys_is_confirmed(&keys, rows[1].pubkey));
	members_confirm(&list, keys.confirmed.items, keys.confirmed.n);
	assert_true(rows[0].verified && !rows[1].verified);
	/* Of a mesh that we know nothing else of. */
	assert_ok(keys_confirm(a, &p, S("mesh0002"), rows[1].pubkey));
	assert_ok(keys_load(a, &p, S("mesh0002"), &keys));
	assert_int_equal(keys.confirmed.n, 1);
}

/* Who was confirmed while the broker was asked for the root key stays so. */
TEST(a_root_key_is_put_beside_what_is_there_and_never_over_another)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct mesh_keys_args keys = { .mesh_id = S("mesh0001"), .slug = S("demo") };

	assert_ok(keys_save(a, &p, &keys));
	assert_ok(keys_confirm(a, &p, S("mesh0001"), S("0a")));
	assert_ok(keys_put_root(a, &p, S("mesh0001"), S("root-1")));
	assert_ok(keys_put_root(a, &p, S("mesh0001"), S("root-2")));
	assert_ok(keys_load(a, &p, S("mesh0001"), &keys));
	assert_str(keys.root_key, S("root-1"));
	assert_int_equal(keys.confirmed.n, 1);
	/* A mesh that was left meanwhile does not come back. */
	assert_ok(keys_put_root(a, &p, S("mesh0002"), S("root-1")));
	assert_ok(keys_load(a, &p, S("mesh0002"), &keys));
	assert_int_equal(keys.mesh_id.len, 0);
}

TEST_MAIN("client/keys")
