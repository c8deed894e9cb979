#include "client/backup.h"

#include "client/config.h"
#include "client/keys.h"
#include "client/file.h"
#include "client/test_dir.h"
#include "crypto/encode.h"

static const struct passphrase_cost cheap = { 1, 8192 };
#define WORDS S("a long passphrase")

#define KEY64 "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define MESH "{\"meshId\":\"m1\",\"memberId\":\"x\",\"slug\":\"demo\",\"name\":\"demo\",\"pubkey\":\"" KEY64 \
	     "\",\"secretKey\":\"" KEY64 KEY64 "\",\"brokerUrl\":\"ws://h/ws\",\"joinedAt\":\"\"}"
#define CONFIG "{\"version\":1,\"meshes\":[" MESH "]}"

static str at(struct arena *a, const struct paths *p, const char *name)
{
	return arena_printf(a, "%.*s/%s", STRF(p->dir), name);
}

static struct paths filled(struct arena *a)
{
	struct paths p = test_paths(a);

	assert_ok(paths_make(a, &p));
	test_write(a, p.config, S(CONFIG), 0600);
	test_write(a, p.brokers, S("{}"), 0600);
	test_write(a, at(a, &p, "keys/m1.json"), S("{\"mesh_id\":\"m1\"}"), 0600);
	test_write(a, at(a, &p, "keys/m1.json.tmp"), S("left over"), 0600);
	return p;
}

static str read_back(struct arena *a, str path)
{
	str content;

	assert_ok(file_read_private(a, path, &content));
	return content;
}

static str sealed_all(struct arena *a, const struct paths *p)
{
	struct backup b;
	str bytes;

	assert_ok(backup_collect(a, p, &clock_real, &b));
	assert_int_equal(b.n, 3);
	assert_ok(backup_seal(a, &b, WORDS, cheap, &bytes));
	assert_true(str_starts(bytes, S("CMB2")));
	assert_false(str_contains(bytes, S("demo")));
	return bytes;
}

TEST(c_13_what_is_backed_up_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths from = filled(a), to = test_paths(a);
	str bytes = sealed_all(a, &from);
	struct backup_restored r;
	struct backup b;

	assert_ok(backup_open(a, bytes, WORDS, &b));
	assert_int_equal(b.version, 2);
	/* A directory that is not there is made (client.md 15.1, 13). */
	to.dir = at(a, &to, "new");
	to.config = at(a, &to, "config.json");
	to.keys = at(a, &to, "keys");
	to.lock = at(a, &to, "config.lock");
	assert_ok(backup_restore(a, &to, &b, 5, &r));
	assert_int_equal(r.written, 3);
	assert_int_equal(r.kept_n, 0);
	assert_str(read_back(a, to.config), S(CONFIG));
	assert_str(read_back(a, at(a, &to, "keys/m1.json")), S("{\"mesh_id\":\"m1\"}"));
	assert_int_equal(test_mode(a, to.dir), 0700);
	assert_int_equal(test_mode(a, to.keys), 0700);
	assert_int_equal(test_mode(a, to.config), 0600);
	assert_int_equal(test_mode(a, at(a, &to, "keys/m1.json")), 0600);
	assert_ok(backup_restore(a, &to, &b, 6, &r));
	assert_int_equal(r.written, 0);
	assert_int_equal(r.same, 3);
}

TEST(c_13_restore_keeps_what_was_there)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths from = filled(a), to = test_paths(a);
	struct backup_restored r;
	struct backup b;

	assert_ok(backup_open(a, sealed_all(a, &from), WORDS, &b));
	assert_ok(paths_make(a, &to));
	test_write(a, to.config, S("{\"meshes\":[]}"), 0600);
	/* One that others can read is closed to them, too (client.md 15.1, 13). */
	test_write(a, at(a, &to, "keys/m1.json"), S("{}"), 0644);
	assert_ok(backup_restore(a, &to, &b, 77, &r));
	assert_int_equal(r.written, 3);
	assert_int_equal(r.kept_n, 2);
	assert_str(read_back(a, at(a, &to, "config.json.before-restore.77")), S("{\"meshes\":[]}"));
	assert_str(read_back(a, at(a, &to, "keys/m1.json.before-restore.77")), S("{}"));
	assert_str(read_back(a, to.config), S(CONFIG));
	assert_int_equal(test_mode(a, at(a, &to, "keys/m1.json")), 0600);
}

/* As the reference writes it: config.json only, its cost not stored. */
TEST(the_references_backup_is_read)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u8 head[4 + PASSPHRASE_SALT_BYTES + PASSPHRASE_NONCE_BYTES] = "CMB1";
	struct backup b;
	str box, bytes;

	assert_true(crypto_start());
	assert_true(passphrase_seal(a, WORDS, passphrase_interactive, head + 4, head + 4 + PASSPHRASE_SALT_BYTES,
				    STR_NONE, S(CONFIG), &box));
	bytes = str_of(arena_alloc(a, sizeof(head) + box.len), sizeof(head) + box.len);
	memcpy((char *)bytes.ptr, head, sizeof(head));
	memcpy((char *)bytes.ptr + sizeof(head), box.ptr, box.len);
	assert_ok(backup_open(a, bytes, WORDS, &b));
	assert_int_equal(b.version, 1);
	assert_int_equal(b.n, 1);
	assert_str(b.files[0].name, S("config.json"));
	assert_str(b.files[0].content, S(CONFIG));
	assert_err(backup_open(a, bytes, S("another passphrase"), &b), INTERNAL);
}

TEST(what_is_no_backup_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths from = filled(a);
	str bytes = sealed_all(a, &from);
	struct backup b;

	assert_err(backup_open(a, S(""), WORDS, &b), BAD_REQUEST);
	assert_err(backup_open(a, S("CMB3aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), WORDS, &b),
		   BAD_REQUEST);
	assert_err(backup_open(a, S("CMB1"), WORDS, &b), BAD_REQUEST);
	assert_err(backup_open(a, S("CMB2"), WORDS, &b), BAD_REQUEST);
	assert_err(backup_open(a, str_of(bytes.ptr, 72), WORDS, &b), BAD_REQUEST);
	assert_err(backup_open(a, str_of(bytes.ptr, bytes.len - 1), WORDS, &b), INTERNAL);
	assert_err(backup_open(a, bytes, S("a long passphrasf"), &b), INTERNAL);
	assert_int_equal(err_exit(backup_open(a, bytes, S("a long passphrasf"), &b)), 8);
	/* Any byte of the head or the box that differs. */
	for (size_t i = 16; i < bytes.len; i += 7) {
		str changed = arena_dup(a, bytes);

		((char *)changed.ptr)[i] ^= 4;
		assert_err(backup_open(a, changed, WORDS, &b), INTERNAL);
	}
	/* A cost that would take the machine down is not tried. */
	for (size_t i = 4; i < 16; i++) {
		str greedy = arena_dup(a, bytes);

		((char *)greedy.ptr)[i] = '\x7f';
		assert_non_null(backup_open(a, greedy, WORDS, &b));
	}
	test_write(a, from.config, S("\xff"), 0600);
	assert_err(backup_collect(a, &from, &clock_real, &b), BAD_REQUEST);
	assert_ok(file_remove(a, from.config));
	assert_err(backup_collect(a, &from, &clock_real, &b), NOT_FOUND);
}

/* Whoever knows the passphrase may have made it: still it writes our files only. */
TEST(a_backup_chooses_no_path)
{
	static const char *const names[] = { "../x.json", "keys/../config.json", "keys/.json", "keys/a/b.json",
					     "keys/a.txt", "/etc/passwd", "", "config.json/x", "policy.yaml",
					     "keys/a\\b.json" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct backup b;
	str bytes;

	assert_true(crypto_start());
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct backup_file files[] = { { S("config.json"), S(CONFIG) }, { str_from(names[i]), S("x") } };

		assert_ok(backup_seal(a, &(struct backup){ files, 2, 2, S("") }, WORDS, cheap, &bytes));
		assert_err(backup_open(a, bytes, WORDS, &b), BAD_REQUEST);
	}
	assert_ok(backup_seal(a, &(struct backup){ (struct backup_file[]){ { S("config.json"), S("{\"meshes\":[{}]}") } },
						   1, 2, S("") },
			      WORDS, cheap, &bytes));
	assert_err(backup_open(a, bytes, WORDS, &b), BAD_REQUEST);
	assert_ok(backup_seal(a, &(struct backup){ (struct backup_file[]){ { S("brokers.json"), S("{}") } }, 1, 2, S("") },
			      WORDS, cheap, &bytes));
	assert_err(backup_open(a, bytes, WORDS, &b), BAD_REQUEST);
}

TEST_MAIN("client/backup")
