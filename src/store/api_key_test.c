/*
 * api_key_test.c - API keys: found by what they are looked up by, in their mesh only, and ended once.
 */
#include "store/fixture_test.h"

enum { MESH_A = 1, MESH_B = 2 };

static struct api_key_row api_key(i64 mesh_no, const char *id, i64 member_no, i64 created_ms)
{
	return (struct api_key_row){ .mesh_no = mesh_no,
				     .id = str_from(id),
				     .digest = str_from(id),
				     .prefix = S("cm_12345678"),
				     .label = S("ci"),
				     .caps = 3,
				     .member_no = member_no,
				     .created_ms = created_ms,
				     .ends_ms = INT64_MAX };
}

TEST(an_api_key_is_found_by_digest_and_by_the_start_of_its_id)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct api_key_row in = api_key(MESH_A, "abcdef1", 7, 5), *out;
	struct api_key_row more[] = { api_key(MESH_A, "abcdef2", 8, 6), api_key(MESH_A, "ABCDEF1", 7, 7),
				      api_key(MESH_B, "abcdef3", 7, 8) };
	i64 count_of;
	size_t n;

	in.digest = S("d\0e");
	in.topics = S("[\"general\"]");
	in.expires_ms = 90;
	in.used_ms = 4;
	store_api_key_add(f->st, &in);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		store_api_key_add(f->st, &more[i]);
	commit(f);
	assert_ok(store_api_key(f->st, a, S("d\0e"), &out));
	assert_str(out->id, in.id);
	assert_str(out->topics, in.topics);
	assert_int_equal(out->caps, 3);
	assert_int_equal(out->member_no, 7);
	assert_int_equal(out->expires_ms, 90);
	assert_int_equal(out->used_ms, 4);
	assert_int_equal(out->ends_ms, INT64_MAX);
	assert_ok(store_api_key(f->st, a, S("d"), &out));
	assert_null(out);
	assert_ok(store_api_keys_named(f->st, a, MESH_A, 0, S("abcdef"), &out, &n));
	assert_int_equal(n, 2);
	assert_ok(store_api_keys_named(f->st, a, MESH_A, 8, S("abcdef"), &out, &n));
	assert_int_equal(n, 1);
	assert_str(out[0].id, S("abcdef2"));
	assert_ok(store_api_keys_named(f->st, a, MESH_B, 0, S("abcdef"), &out, &n));
	assert_int_equal(n, 1);
	assert_ok(store_api_keys(f->st, a, MESH_A, 0, 2, &out, &n));
	assert_int_equal(n, 2);
	assert_str(out[0].id, S("ABCDEF1"));
	assert_ok(store_api_keys(f->st, a, MESH_A, 7, 10, &out, &n));
	assert_int_equal(n, 2);
	assert_str(out[1].id, S("abcdef1"));
	assert_ok(store_api_key_count(f->st, a, MESH_A, 7, &count_of));
	assert_int_equal(count_of, 2);
	store_api_key_add(f->st, &in);
	assert_err(store_commit(f->st, a), CONFLICT);
}

TEST(an_api_key_ends_once_and_goes_later)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct api_key_row in = api_key(MESH_A, "abcdef1", 7, 5), *out;

	in.expires_ms = in.ends_ms = 50;
	store_api_key_add(f->st, &in);
	commit(f);
	store_api_key_revoke(f->st, MESH_B, in.id, 20);
	store_api_key_used(f->st, MESH_A, in.id, 30);
	commit(f);
	assert_ok(store_api_key(f->st, a, in.digest, &out));
	assert_int_equal(out->revoked_ms, 0);
	assert_int_equal(out->used_ms, 30);
	store_api_key_revoke(f->st, MESH_A, in.id, 60);
	commit(f);
	assert_ok(store_api_key(f->st, a, in.digest, &out));
	assert_int_equal(out->revoked_ms, 60);
	assert_int_equal(out->ends_ms, 50);
	store_api_keys_prune(f->st, MESH_B, 100);
	store_api_keys_prune(f->st, MESH_A, 50);
	commit(f);
	assert_int_equal(count(f, "api_key"), 1);
	store_api_keys_prune(f->st, MESH_A, 51);
	commit(f);
	assert_int_equal(count(f, "api_key"), 0);
}

TEST_MAIN("store/api_key")
