#include "client/config.h"

#include <sys/wait.h>

#include "client/brokers.h"
#include "client/file.h"
#include "client/keys.h"
#include "client/test_dir.h"

#define PK "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

static struct config_mesh_args mesh_of(struct arena *a, const char *id, const char *slug)
{
	struct sign_pair pair = test_pair(1);

	return (struct config_mesh_args){
		.meshId = str_from(id),
		.memberId = S("m1"),
		.slug = str_from(slug),
		.name = S("Team"),
		.pubkey = sign_pair_pubkey(a, &pair),
		.secretKey = sign_pair_secret(a, &pair),
		.brokerUrl = S("ws://127.0.0.1:7900/ws"),
		.joinedAt = S("2026-01-02T03:04:05.678Z"),
	};
}

TEST(missing_and_empty_files_are_an_empty_configuration)
{
	static const char *const texts[] = { "", "  \n", "{}", "{\"version\":1}",
					     "{\"meshes\":null}" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	const struct config_mesh_args *found;
	struct config_args c;

	assert_ok(config_load(a, &p, &c));
	assert_int_equal(c.meshes.n, 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		test_write(a, p.config, str_from(texts[i]), 0600);
		assert_ok(config_load(a, &p, &c));
		assert_int_equal(c.meshes.n, 0);
		assert_says(config_find_mesh(a, &c, STR_NONE, &found), "claudemesh join");
	}
}

TEST(the_references_file_is_read_and_written_again)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct config_mesh_args mesh = mesh_of(a, "mesh0002", "other");
	struct config_args c;
	str slug;

	test_write(
		a, p.config,
		S("{\n  \"version\": 1, \"displayName\": \"Alice\", \"groups\": [{\"name\":\"g\"}],\n"
		  "  \"meshes\": [{\"meshId\":\"mesh0001\",\"memberId\":\"m\",\"slug\":\"team\",\"name\":\"Team\",\n"
		  "\"pubkey\":\"" PK
		  "\",\"secretKey\":\"0101010101010101010101010101010101010101010101010101010101010101" PK
		  "\",\"brokerUrl\":\"wss://h/ws\",\"joinedAt\":\"2026-01-02T03:04:05.678Z\",\"rootKey\":\"abc\","
		  "\"inviteVersion\":2,\"future\":[1]}]}"),
		0600);
	assert_ok(config_add_mesh(a, &p, &mesh, &slug));
	assert_ok(config_load(a, &p, &c));
	assert_int_equal(c.meshes.n, 2);
	assert_str(c.displayName, S("Alice"));
	assert_str(c.groups.items[0].name, S("g"));
	assert_str(c.meshes.items[0].rootKey, S("abc"));
	assert_int_equal(c.meshes.items[0].inviteVersion, 2);
	assert_str(c.meshes.items[1].slug, S("other"));
	assert_int_equal(test_mode(a, p.config), 0600);
}

static const struct {
	const char *text;
	enum err_code code;
	const char *says;
} broken[] = {
	{ "{\"version\":1", ERR_BAD_JSON, "12" },
	{ "[]", ERR_BAD_REQUEST, "array" },
	{ "{\"meshes\":{}}", ERR_BAD_REQUEST, "meshes" },
	{ "{\"meshes\":[{\"meshId\":\"x\"}]}", ERR_BAD_REQUEST, "meshes[0]" },
	{ "{\"meshes\":[{\"meshId\":7}]}", ERR_BAD_REQUEST, "meshId" },
	{ "{\"displayName\":\"a\",\"displayName\":\"b\"}", ERR_BAD_JSON, "displayName" },
};

TEST(a_broken_file_is_named_and_never_overwritten)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct config_mesh_args mesh = mesh_of(a, "mesh0001", "team");
	struct config_args c;
	str slug;

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct err *e;

		test_write(a, p.config, str_from(broken[i].text), 0600);
		e = config_load(a, &p, &c);
		assert_non_null(e);
		assert_int_equal(e->code, broken[i].code);
		assert_says(e, broken[i].says);
		assert_says(e, p.config.ptr);
		assert_non_null(config_add_mesh(a, &p, &mesh, &slug));
		assert_non_null(config_load(a, &p, &c));
	}
}

TEST(a_file_open_to_others_is_refused_with_chmod)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct mesh_keys_args keys = { .mesh_id = S("mesh0001") };
	struct config_args c;

	test_write(a, p.config, S("{}"), 0644);
	assert_err(config_load(a, &p, &c), FORBIDDEN);
	assert_says(config_load(a, &p, &c), "chmod 600");
	assert_ok(keys_save(a, &p, &keys));
	assert_int_equal(chmod(arena_printf(a, "%.*s/mesh0001.json", STRF(p.keys)).ptr, 0640), 0);
	assert_err(keys_load(a, &p, S("mesh0001"), &keys), FORBIDDEN);
}

TEST(adding_replaces_by_id_and_keeps_slugs_apart)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct config_mesh_args one = mesh_of(a, "mesh0001", "team"),
				two = mesh_of(a, "mesh0002", "team");
	struct config_args c;
	str slug;

	assert_ok(config_add_mesh(a, &p, &one, &slug));
	assert_str(slug, S("team"));
	assert_ok(config_add_mesh(a, &p, &two, &slug));
	assert_str(slug, S("team-2"));
	one.memberId = S("m2");
	assert_ok(config_add_mesh(a, &p, &one, &slug));
	assert_str(slug, S("team"));
	assert_ok(config_load(a, &p, &c));
	assert_int_equal(c.meshes.n, 2);
	assert_str(c.meshes.items[0].memberId, S("m2"));
	assert_ok(config_remove_mesh(a, &p, S("team")));
	assert_err(config_remove_mesh(a, &p, S("team")), NOT_FOUND);
	assert_ok(config_load(a, &p, &c));
	assert_int_equal(c.meshes.n, 1);
	assert_str(c.meshes.items[0].meshId, S("mesh0002"));
}

TEST(renaming_keeps_slugs_apart)
{
	struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct config_args c;
	struct config_mesh_args m[2];
	str slug;

	for (size_t i = 0; i < 2; i++) {
		m[i] = mesh_of(a, i ? "mesh0002" : "mesh0001", i ? "herd" : "flock");
		assert_ok(config_add_mesh(a, &p, &m[i], &slug));
	}
	assert_err(config_rename_mesh(a, &p, S("flock"), S("herd")), EXISTS);
	assert_err(config_rename_mesh(a, &p, S("swarm"), S("pack")), NOT_FOUND);
	assert_ok(config_rename_mesh(a, &p, S("flock"), S("pack")));
	assert_ok(config_load(a, &p, &c));
	assert_str(c.meshes.items[0].slug, S("pack"));
	assert_str(c.meshes.items[0].name, S("pack"));
	assert_str(c.meshes.items[0].meshId, S("mesh0001"));
	assert_str(c.meshes.items[1].slug, S("herd"));
	arena_free(a);
}

TEST(finding_a_mesh_says_what_there_is)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct config_mesh_args one = mesh_of(a, "mesh0001", "team"),
				two = mesh_of(a, "mesh0002", "work");
	const struct config_mesh_args *found;
	struct config_args c;
	struct sign_pair pair;
	str slug;

	assert_ok(config_add_mesh(a, &p, &one, &slug));
	assert_ok(config_load(a, &p, &c));
	assert_ok(config_find_mesh(a, &c, STR_NONE, &found));
	assert_str(found->slug, S("team"));
	assert_ok(config_mesh_pair(a, found, &pair));
	assert_ok(config_add_mesh(a, &p, &two, &slug));
	assert_ok(config_load(a, &p, &c));
	assert_err(config_find_mesh(a, &c, STR_NONE, &found), AMBIGUOUS);
	assert_says(config_find_mesh(a, &c, STR_NONE, &found), "team, work");
	assert_says(config_find_mesh(a, &c, S("wrok"), &found), "did you mean 'work'");
	assert_says(config_find_mesh(a, &c, S("something"), &found), "joined: team, work");
	assert_null(config_get_mesh_id(&c, S("mesh0003")));
}

TEST(an_error_does_not_keep_the_lock)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(arena_freep) struct arena *b = arena_new();
	struct paths p = test_paths(a);
	struct file_lock *lock;

	test_write(a, p.config, S("{"), 0600);
	assert_err(config_set_display_name(a, &p, S("x")), BAD_JSON);
	assert_err(config_remove_mesh(a, &p, S("x")), BAD_JSON);
	assert_ok(file_lock(b, p.lock, 0, &lock));
	file_unlock(lock);
	test_write(a, p.config, S("{}"), 0600);
	assert_err(config_remove_mesh(a, &p, S("x")), NOT_FOUND);
	assert_ok(file_lock(b, p.lock, 0, &lock));
}

TEST(keys_that_do_not_belong_together_are_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct config_mesh_args mesh = mesh_of(a, "mesh0001", "team");
	struct sign_pair other = test_pair(2), pair;

	mesh.secretKey = sign_pair_secret(a, &other);
	assert_err(config_mesh_pair(a, &mesh, &pair), BAD_REQUEST);
}

TEST(many_at_once_lose_nothing)
{
	enum { PROCESSES = 4, EACH = 2 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct config_args c;

	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			for (int k = 0; k < EACH; k++) {
				struct config_mesh_args mesh =
					mesh_of(a, arena_printf(a, "mesh%d-%d", i, k).ptr, "team");
				str slug;

				if (config_add_mesh(a, &p, &mesh, &slug) ||
				    brokers_set_hello2(a, &p,
						       arena_printf(a, "ws://h%d-%d/ws", i, k)))
					_exit(1);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_ok(config_load(a, &p, &c));
	assert_int_equal(c.meshes.n, PROCESSES * EACH);
	for (size_t i = 0; i < c.meshes.n; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(c.meshes.items[i].slug, c.meshes.items[k].slug));
	for (int i = 0; i < PROCESSES; i++) {
		bool known;

		assert_ok(brokers_get_hello2(a, &p, arena_printf(a, "ws://h%d-1/ws", i), &known));
		assert_true(known);
	}
}

TEST(brokers_are_remembered_one_by_one)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	bool known;

	assert_ok(brokers_get_hello2(a, &p, S("ws://h/ws"), &known));
	assert_false(known);
	assert_ok(brokers_set_hello2(a, &p, S("ws://h/ws")));
	assert_ok(brokers_set_hello2(a, &p, S("ws://h/ws")));
	assert_ok(brokers_get_hello2(a, &p, S("ws://h/ws"), &known));
	assert_true(known);
	assert_ok(brokers_get_hello2(a, &p, S("ws://i/ws"), &known));
	assert_false(known);
	test_write(a, p.brokers, S("{"), 0600);
	assert_err(brokers_get_hello2(a, &p, S("ws://h/ws"), &known), BAD_JSON);
}

TEST(a_mesh_id_cannot_name_a_path)
{
	static const char *const ids[] = { "",   "../config", "a/b",    ".",
					   "..", "a b",       "x.json", "\xc3\xa9" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct mesh_keys_args keys;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		assert_err(keys_load(a, &p, str_from(ids[i]), &keys), BAD_REQUEST);
}

TEST(keys_survive_a_rewrite_of_the_configuration)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct sign_pair owner = test_pair(3), got;
	struct mesh_keys_args keys = { .mesh_id = S("mesh0001"),
				       .owner_pubkey = sign_pair_pubkey(a, &owner),
				       .owner_secret = sign_pair_secret(a, &owner) };

	assert_ok(keys_save(a, &p, &keys));
	assert_int_equal(test_mode(a, arena_printf(a, "%.*s/mesh0001.json", STRF(p.keys))), 0600);
	test_write(a, p.config, S("{\"version\":1,\"meshes\":[]}"), 0600);
	assert_ok(keys_load(a, &p, S("mesh0001"), &keys));
	assert_ok(keys_owner_pair(a, &keys, S("team"), &got));
	assert_memory_equal(got.sk, owner.sk, sizeof(got.sk));
	assert_ok(keys_load(a, &p, S("mesh0002"), &keys));
	assert_true(str_empty(keys.mesh_id));
	assert_err(keys_owner_pair(a, &keys, S("team"), &got), FORBIDDEN);
}

TEST(who_is_given_configured_or_found)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct config_args c = { .displayName = S("Alice") };
	char long_name[200];

	unsetenv("CLAUDEMESH_DISPLAY_NAME");
	setenv("USER", "unix", 1);
	assert_str(config_who(a, &c, S(" Bob ")), S("Bob"));
	assert_str(config_who(a, &c, STR_NONE), S("Alice"));
	assert_str(config_who(a, &(struct config_args){ 0 }, S("\xff")), S("unix"));
	setenv("CLAUDEMESH_DISPLAY_NAME", "session", 1);
	assert_str(config_who(a, &c, STR_NONE), S("session"));
	unsetenv("CLAUDEMESH_DISPLAY_NAME");
	/* 127 bytes, then a two-byte letter across the limit. */
	memset(long_name, 'x', 127);
	memcpy(long_name + 127, "\xc3\xa9zz", 5);
	assert_int_equal(config_who(a, &c, str_from(long_name)).len, 127);
}

TEST_MAIN("client/config")
