#include "daemon/session_keys.h"

#include "client/file.h"
#include "client/test_dir.h"

#define UUID "0b4fd3a0-1111-4222-8333-abcdefabcdef"

static str key_file(struct arena *a, const struct paths *p)
{
	return arena_printf(a, "%.*s/flock/" UUID ".json", STRF(p->sessions));
}

TEST(a_session_keeps_its_pair)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct sign_pair one, two, other;

	assert_err(session_keys_find(a, &p, S("flock"), S(UUID), &one), NOT_FOUND);
	assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S(UUID), &one));
	assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S(UUID), &two));
	assert_memory_equal(&one, &two, sizeof(one));
	assert_ok(session_keys_find(a, &p, S("flock"), S(UUID), &two));
	assert_memory_equal(&one, &two, sizeof(one));
	assert_ok(session_keys_open(a, &p, &clock_real, S("other"), S(UUID), &other));
	assert_memory_not_equal(&one, &other, sizeof(one));
	assert_int_equal(test_mode(a, key_file(a, &p)), 0600);
	assert_int_equal(test_mode(a, p.sessions), 0700);
	assert_int_equal(test_mode(a, arena_printf(a, "%.*s/flock", STRF(p.sessions))), 0700);
}

TEST(an_id_that_is_no_uuid_is_kept_too)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct sign_pair one, two, other;

	assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S("../../etc/passwd"), &one));
	assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S("../../etc/passwd"), &two));
	assert_memory_equal(&one, &two, sizeof(one));
	assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S("../../etc/passwe"), &other));
	assert_memory_not_equal(&one, &other, sizeof(one));
}

TEST(a_pair_that_was_brought_along_is_stored_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair mine = test_pair(1), other = test_pair(2), got;
	struct paths p = test_paths(a);

	assert_ok(session_keys_put(a, &p, &clock_real, S("flock"), S(UUID), &mine));
	assert_ok(session_keys_put(a, &p, &clock_real, S("flock"), S(UUID), &mine));
	assert_err(session_keys_put(a, &p, &clock_real, S("flock"), S(UUID), &other), EXISTS);
	assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S(UUID), &got));
	assert_memory_equal(&got, &mine, sizeof(got));
}

TEST(the_reference_s_file_is_read)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair pair = test_pair(3), got;
	struct paths p = test_paths(a);
	str pk = sign_pair_pubkey(a, &pair), sk = sign_pair_secret(a, &pair);

	assert_ok(file_make_private_dir(a, p.sessions));
	assert_ok(file_make_private_dir(a, arena_printf(a, "%.*s/flock", STRF(p.sessions))));
	test_write(a, key_file(a, &p),
		   arena_printf(
			   a,
			   "{\"version\":1,\"meshSlug\":\"flock\",\"sessionId\":\"" UUID
			   "\",\"publicKey\":\"%.*s\",\"secretKey\":\"%.*s\",\"createdAt\":\"x\"}",
			   STRF(pk), STRF(sk)),
		   0600);
	assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S(UUID), &got));
	assert_memory_equal(&got, &pair, sizeof(got));
	assert_int_equal(chmod(arena_cstr(a, key_file(a, &p)), 0644), 0);
	assert_err(session_keys_open(a, &p, &clock_real, S("flock"), S(UUID), &got), FORBIDDEN);
}

static const struct {
	const char *slug, *id, *content;
} refused[] = {
	{ "../up", UUID, NULL },
	{ "", UUID, NULL },
	{ ".", UUID, NULL },
	{ "a/b", UUID, NULL },
	{ "flock", "", NULL },
	{ "flock", UUID, "{\"version\":1}" },
	{ "flock", UUID,
	  "{\"version\":1,\"meshSlug\":\"flock\",\"sessionId\":\"x\",\"createdAt\":\"\",\"publicKey\":"
	  "\"0000000000000000000000000000000000000000000000000000000000000000\",\"secretKey\":"
	  "\"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000000000000\"}" },
};

TEST(what_makes_no_sense_is_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct paths p = test_paths(a);
		struct sign_pair got;

		if (refused[i].content) {
			assert_ok(session_keys_open(a, &p, &clock_real, S("flock"), S(UUID), &got));
			test_write(a, key_file(a, &p), str_from(refused[i].content), 0600);
		}
		assert_err(session_keys_open(a, &p, &clock_real, str_from(refused[i].slug),
					     str_from(refused[i].id), &got),
			   BAD_REQUEST);
	}
}

TEST_MAIN("daemon/session_keys")
